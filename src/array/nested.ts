import { shown } from "../options.js";
import {
  type DType,
  isComplex,
  isComplexNumber,
  numbersPerElement,
  type Scalar,
  type Storage,
} from "./dtype.js";

/** Numbers as they are written down: a list, a list of rows and so on, of any depth; or a typed array. */
export type Nested = Storage | readonly (Scalar | Nested)[];

/** What a {@link Nested} holds: its shape, the dtype of its numbers, and these in C order, complex ones interleaved. */
export interface Unnested {
  readonly dims: readonly number[];
  readonly dtype: DType;
  readonly numbers: ArrayLike<number>;
}

/**
 * Takes lists of numbers apart, as `numpy.array` does. Local.
 *
 * @param dtype - Default: that of a typed array; else complex128 if a number is complex, and float64 if none is.
 * @throws {TypeError} For what is no number.
 * @throws {RangeError} If rows are not equally long.
 */
export function unnest(where: string, values: Nested, dtype?: DType): Unnested {
  if (!isList(values))
    throw new TypeError(`${where}: ${shown(values)} is no list of numbers, nor a typed array`);
  if (isTyped(values)) {
    const given = dtype ?? typeOf(values);
    return { dims: [values.length / numbersPerElement(given)], dtype: given, numbers: values };
  }
  const dims = shapeOf(values);
  const scalars: Scalar[] = [];
  collect(where, values, dims, [], scalars);
  const complex = scalars.some((value) => typeof value === "object");
  const type = dtype ?? (complex ? "complex128" : "float64");
  if (complex && !isComplex(type))
    throw new TypeError(`${where}: complex numbers for a ${type} array; use complex128 or complex64`);
  const parts = (value: Scalar) => (typeof value === "number" ? [value, 0] : [value.re, value.im]);
  const numbers = isComplex(type) ? scalars.flatMap(parts) : (scalars as number[]);
  return { dims, dtype: type, numbers };
}

/** @throws {TypeError} Unless all are real numbers; typed arrays hold no others, but for bigints. */
export function checkNumbers(where: string, numbers: ArrayLike<unknown>): void {
  const at = isTyped(numbers)
    ? -1
    : Array.prototype.findIndex.call(numbers, (item) => typeof item !== "number");
  if (at < 0) return;
  const advice = "use real numbers, of complex ones both parts in turn; or a list of rows, without dims";
  throw new TypeError(`${where}: ${shown(numbers[at])} at [${at}] is no number; ${advice}`);
}

function shapeOf(values: unknown): number[] {
  if (!isList(values)) return [];
  return [values.length, ...shapeOf(values[0])];
}

function collect(
  where: string,
  values: unknown,
  dims: readonly number[],
  at: number[],
  into: Scalar[],
): void {
  const place = at.length > 0 ? `[${at.join("][")}]` : "the list";
  const [length, ...rest] = dims;
  if (dims.length === 0) {
    if (typeof values !== "number" && !isComplexNumber(values))
      throw new TypeError(`${where}: ${shown(values)} at ${place} is no number; use numbers or { re, im }`);
    into.push(values);
  } else if (!isList(values) || values.length !== length) {
    const found = isList(values) ? `${values.length} elements` : shown(values);
    throw new RangeError(
      `${where}: ${found} at ${place}, where its neighbour has ${length}; make rows equal`,
    );
  } else {
    for (let i = 0; i < length; i++) collect(where, values[i], rest, [...at, i], into);
  }
}

function isList(values: unknown): values is ArrayLike<unknown> {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && "length" in values);
}

function isTyped(values: ArrayLike<unknown>): values is Storage {
  return ArrayBuffer.isView(values);
}

function typeOf(values: Storage): DType {
  if (values instanceof Float32Array) return "float32";
  return values instanceof Int32Array ? "int32" : "float64";
}
