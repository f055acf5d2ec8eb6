import { shown } from "../options.js";

/** Element types, named as in NumPy. Complex arrays are interleaved (re, im) typed arrays. */
export type DType = "float32" | "float64" | "complex64" | "complex128" | "int32";

export interface DTypes {
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
  int32: Int32Array;
}

/** The typed array that stores elements of `D`; two numbers per element where `D` is complex. */
export type Storage<D extends DType = DType> = DTypes[D];

const CONSTRUCTORS = {
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  int32: Int32Array,
} as const satisfies { readonly [D in DType]: unknown };

/** The names of all element types. */
export const DTYPE_NAMES = Object.keys(CONSTRUCTORS);

/** @throws {TypeError} Unless it is the name of an element type. */
export function checkDType(where: string, dtype: unknown): void {
  if (typeof dtype === "string" && dtype in CONSTRUCTORS) return;
  throw new TypeError(`${where}: dtype ${shown(dtype)}; use one of ${DTYPE_NAMES.join(", ")}`);
}

/** @throws {TypeError} Unless `storage` is of the kind of typed array that holds elements of `dtype`. */
export function checkStorage(where: string, dtype: DType, storage: unknown): void {
  const constructor = CONSTRUCTORS[dtype];
  if (storage instanceof constructor) return;
  throw new TypeError(`${where}: the storage of ${dtype} is ${shown(storage)}; give a ${constructor.name}`);
}

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** A coefficient: any real or complex number. Complex ones need complex vectors. */
export type Scalar = number | Complex;

export function isComplexNumber(value: unknown): value is Complex {
  if (typeof value !== "object" || value === null || !("re" in value && "im" in value)) return false;
  return typeof value.re === "number" && typeof value.im === "number";
}

/** @throws {TypeError} Unless it is a real or a complex number. */
export function checkScalar(where: string, value: unknown): void {
  if (typeof value === "number" || isComplexNumber(value)) return;
  throw new TypeError(`${where}: ${shown(value)} is no number; use a number or { re, im }`);
}

export function isComplex(dtype: DType): dtype is "complex64" | "complex128" {
  return dtype === "complex64" || dtype === "complex128";
}

/** Numbers that one element takes in storage: 2 where it is complex. */
export function numbersPerElement(dtype: DType): 1 | 2 {
  return isComplex(dtype) ? 2 : 1;
}

/** The type of the stored numbers: complex64 is stored as float32, complex128 as float64. */
export function realOf(dtype: DType): "float32" | "float64" | "int32" {
  if (dtype === "complex64") return "float32";
  return dtype === "complex128" ? "float64" : dtype;
}

/** The smallest dtype that holds values of both, as NumPy promotes: float64 and complex64 give complex128. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const single = [a, b].every((dtype) => realOf(dtype) === "float32");
  if (isComplex(a) || isComplex(b)) return single ? "complex64" : "complex128";
  return single ? "float32" : "float64";
}

/** `dtype`, made complex if `scalar` is: multiplying by a real number keeps the precision of the array. */
export function promoteScalar(dtype: DType, scalar: Scalar): DType {
  return typeof scalar === "number" || isComplex(dtype)
    ? dtype
    : promote(dtype, dtype === "float32" ? "complex64" : "complex128");
}

export function conj(scalar: Scalar): Scalar {
  return typeof scalar === "number" ? scalar : { re: scalar.re, im: -scalar.im };
}
