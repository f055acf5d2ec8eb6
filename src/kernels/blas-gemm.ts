import { blas, heapAddress, type NativeGemm } from "./libraries.js";
import type { Operand } from "./gemm.js";
import { onHeap } from "./memory.js";

// As CBLAS numbers them
const ROW_MAJOR = 101;
const [PLAIN, TRANSPOSED, ADJOINT] = [111, 112, 113];

/** Fewer multiplications than this are done before a call of a library has begun. */
const LEAST_WORK = 16 ** 3;

/**
 * C ← A B, or C + A B, `count` times, by the BLAS of this machine. False, and nothing is done, if there is none, if a
 * matrix is not on the heap or conjugated without being transposed (CBLAS has no such form), or if it would not pay.
 */
export function multiplyByBlas(
  A: Operand,
  B: Operand,
  C: Operand,
  count: number,
  accumulate: boolean,
): boolean {
  const { rows, columns, numbers, data } = C;
  const depth = A.columns;
  if (depth === 0 || rows * columns * depth * numbers ** 2 < LEAST_WORK) return false;
  const forms = [A, B].map(formOf);
  if (forms.includes(undefined) || ![A, B, C].every((matrix) => onHeap(matrix.data))) return false;
  const library = blas();
  if (!library) return false;
  const double = data.BYTES_PER_ELEMENT === 8;
  const gemm: NativeGemm = library.gemm[dtypeOf(numbers, double)];
  const [one, zero] = numbers === 1 ? [1, 0] : double ? COMPLEX128 : COMPLEX64;
  const base = heapAddress();
  const unit = numbers * data.BYTES_PER_ELEMENT;
  const address = (X: Operand, k: number) => base + X.data.byteOffset + (X.start + k * X.step) * unit;
  for (let k = 0; k < count; k++) {
    gemm(
      ROW_MAJOR,
      forms[0] ?? PLAIN,
      forms[1] ?? PLAIN,
      rows,
      columns,
      depth,
      one,
      address(A, k),
      A.stride,
      address(B, k),
      B.stride,
      accumulate ? one : zero,
      address(C, k),
      C.stride,
    );
  }
  return true;
}

const COMPLEX64 = [Float32Array.of(1, 0), Float32Array.of(0, 0)] as const;
const COMPLEX128 = [Float64Array.of(1, 0), Float64Array.of(0, 0)] as const;

function dtypeOf(numbers: 1 | 2, double: boolean): "float32" | "float64" | "complex64" | "complex128" {
  if (numbers === 1) return double ? "float64" : "float32";
  return double ? "complex128" : "complex64";
}

function formOf({ transposed, conjugate }: Operand): number | undefined {
  if (!transposed) return conjugate ? undefined : PLAIN;
  return conjugate ? ADJOINT : TRANSPOSED;
}
