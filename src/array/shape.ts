import { shown } from "../options.js";

/** Product of all lengths; 1 for no axes. */
export function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

/** Distance in elements between neighbours along each axis of a C-ordered array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** `axis` counted from the front: −1 is the last of `ndim` axes. @throws {RangeError} If there is no such axis. */
export function normalizeAxis(where: string, axis: number, ndim: number): number {
  if (!Number.isInteger(axis) || axis < -ndim || axis >= ndim) {
    throw new RangeError(
      `${where}: axis ${shown(axis)} of an array with ${ndim} axes; use ${-ndim} … ${ndim - 1}`,
    );
  }
  return axis < 0 ? axis + ndim : axis;
}

/** @throws {RangeError} Unless `axes` holds each of the axes 0 … ndim − 1 once. */
export function checkAxes(where: string, axes: readonly number[], ndim: number): void {
  checkList(where, "axes", axes);
  if (
    sameNumbers(
      [...axes].sort((a, b) => a - b),
      Array.from({ length: ndim }, (_, axis) => axis),
    )
  )
    return;
  throw new RangeError(
    `${where}: axes [${axes.join(", ")}] of an array with ${ndim}; name each of them once`,
  );
}

/** An array seen along one axis: `outer` × `length` × `inner`, C order. */
export interface AxisView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** @param axes - More than one: neighbours, from `axis` on, taken as one; none: between two axes. */
export function alongAxis(shape: readonly number[], axis: number, axes = 1): AxisView {
  const [before, along, after] = [
    shape.slice(0, axis),
    shape.slice(axis, axis + axes),
    shape.slice(axis + axes),
  ];
  return { outer: product(before), length: product(along), inner: product(after) };
}

/** `dims` with a −1, if there is one, replaced by what makes the size right. */
export function inferDims(dims: readonly number[], size: number): number[] {
  checkList("reshape", "dims", dims);
  const at = dims.indexOf(-1);
  const rest = product(dims.filter((_, axis) => axis !== at));
  const inferred = at < 0 ? [...dims] : dims.with(at, rest > 0 ? size / rest : 0);
  if (product(inferred) === size && inferred.every((length) => Number.isSafeInteger(length) && length >= 0))
    return inferred;
  throw new RangeError(`reshape: dims [${dims.join(", ")}] for ${size} elements; make their product ${size}`);
}

/** The axes of an array from the last to the first: what a transposition does by default. */
export function reversedAxes(ndim: number): number[] {
  return Array.from({ length: ndim }, (_, axis) => ndim - 1 - axis);
}

/** @throws {RangeError} If a length is not a non-negative integer. */
export function checkDims(where: string, dims: readonly number[]): void {
  checkList(where, "dims", dims);
  if (dims.length === 0) throw new RangeError(`${where}: an array needs at least one axis; got dims []`);
  for (const length of dims) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(
        `${where}: length ${shown(length)} in dims ${shown(dims)}; use integers from 0 on`,
      );
    }
  }
}

/** @throws {TypeError} Unless the lengths of axes, or axes, are in a list. */
export function checkList(where: string, name: string, given: unknown): void {
  if (Array.isArray(given)) return;
  throw new TypeError(`${where}: ${name} ${shown(given)}; give a list, such as [20, 30]`);
}
