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

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** A coefficient: any real or complex number. Complex ones need complex vectors. */
export type Scalar = number | Complex;
