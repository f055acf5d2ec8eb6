import * as kernels from "../src/kernels/index.js";

/** A kernel on arrays of some size; a peer may have a case of the same name and size. */
export interface KernelCase {
  readonly name: string;
  /** In elements of the array, or rows of the matrix. */
  readonly size: number;
  /** Bytes that one call moves, or operations that it does. */
  readonly work: number;
  readonly unit: "GB/s" | "GFLOP/s";
  /** Whether BLAS or FFTW may do it: then it is measured with them too. */
  readonly library?: boolean;
  /** Allocates, and returns the call and what gives the memory back. */
  prepare(): { readonly call: () => void; readonly release: () => void };
}

const TRACE = 550; // samples along the contiguous axis of the stencils, as in peers/kernels/loops.py
const IN_CACHE = 16 * TRACE;
const OUT_OF_CACHE = 30_000 * TRACE; // 16.5 million
const wavelet = Float64Array.from({ length: 41 }, (_, k) => {
  const a = (Math.PI * 15 * 0.004 * (k - 20)) ** 2;
  return (1 - 2 * a) * Math.exp(-a);
});
const derivative = kernels.firstDerivative(TRACE);
const filter = kernels.convolution(TRACE, wavelet, 20);

type Vector = Float64Array;
/** By name: arrays that are read or written, each counted once, and the call. */
const VECTORS: Readonly<Record<string, readonly [passes: number, call: (x: Vector, y: Vector) => unknown]>> =
  {
    dot: [2, (x, y) => kernels.dot(x, y)],
    norm: [1, (x) => kernels.dot(x, x)],
    axpy: [3, (x, y) => kernels.axpy(1e-9, x, y)],
    multiply: [3, (x, y) => kernels.multiply(x, y)],
    copy: [2, (x, y) => kernels.copy(x, y)],
    scale: [2, (x) => kernels.scale(-1, x)],
    "soft threshold": [2, (x, y) => kernels.softThreshold(0.1, x, y)],
    "first derivative": [2, (x, y) => kernels.applyStencil(derivative, x, y, { outer: x.length / TRACE })],
    "convolution, 41 taps": [2, (x, y) => kernels.applyStencil(filter, x, y, { outer: x.length / TRACE })],
  };

const vectorCases = [IN_CACHE, OUT_OF_CACHE].flatMap((size) =>
  Object.entries(VECTORS).map(([name, [passes, call]]): KernelCase => ({
    name,
    size,
    work: passes * 8 * size,
    unit: "GB/s",
    prepare: () => prepared("float64", [size, size], ([x, y]) => call(x as Vector, y as Vector)),
  })),
);

const gemmCases = (["float64", "float32", "complex128"] as const).flatMap((dtype) =>
  [256, 1024].map((n): KernelCase => {
    const complex = dtype === "complex128";
    return {
      name: `gemm ${dtype}`,
      size: n,
      work: (complex ? 8 : 2) * n ** 3,
      unit: "GFLOP/s",
      library: true,
      prepare: () =>
        prepared(dtype, [n * n, n * n, n * n], ([a, b, c]) => {
          const matrix = (data: kernels.Reals) => ({ data, rows: n, columns: n });
          kernels.gemm(matrix(a), matrix(b), matrix(c), { complex });
        }),
    };
  }),
);

const [SLICES, NX, NY, NZ] = [128, 128, 128, 64];
const batchedCase: KernelCase = {
  name: "batched gemm",
  size: SLICES,
  work: 8 * SLICES * NX * NY * NZ,
  unit: "GFLOP/s",
  library: true,
  prepare: () =>
    prepared("complex128", [SLICES * NX * NY, SLICES * NY * NZ, SLICES * NX * NZ], ([a, b, c]) =>
      kernels.gemm(
        { data: a, rows: NX, columns: NY },
        { data: b, rows: NY, columns: NZ },
        { data: c, rows: NX, columns: NZ },
        { complex: true, count: SLICES },
      ),
    ),
};

interface Transform {
  readonly dtype: "float64" | "complex64" | "complex128";
  /** Length, and how many lines: one after the other, or beside each other. */
  readonly n: (size: number) => number;
  readonly outer?: (size: number) => number;
  readonly inner?: (size: number) => number;
}

const whole = (size: number) => size;
const TRANSFORMS: Readonly<Record<string, Transform>> = {
  "fft complex128": { dtype: "complex128", n: whole },
  "fft complex64": { dtype: "complex64", n: whole },
  "rfft float64": { dtype: "float64", n: whole },
  "fft of 1024 lines": { dtype: "complex128", n: () => 1024, outer: (size) => size / 1024 },
  "fft along columns": { dtype: "complex128", n: (size) => size / 1024, inner: () => 1024 },
};

const fftCases = Object.entries(TRANSFORMS).flatMap(([name, { dtype, n, outer, inner }]) =>
  (outer || inner ? [2 ** 20] : [2 ** 10, 1021, 2 ** 16, 2 ** 20]).map((size): KernelCase => {
    const [length, real] = [n(size), dtype === "float64"];
    const bins = real ? Math.floor(size / 2) + 1 : size;
    const layout = { n: length, outer: outer?.(size) ?? 1, inner: inner?.(size) ?? 1, real };
    const type = real ? "float64" : dtype;
    return {
      name,
      size,
      work: (real ? 2.5 : 5) * size * Math.log2(length),
      unit: "GFLOP/s",
      library: true,
      prepare: () =>
        prepared(type, [size, real ? 2 * bins : bins], ([x, y]) =>
          kernels.fft({ data: x, rows: length }, { data: y, rows: real ? bins : length }, layout),
        ),
    };
  }),
);

export const kernelCases: readonly KernelCase[] = [...vectorCases, ...gemmCases, batchedCase, ...fftCases];

function prepared(
  dtype: "float32" | "float64" | "complex64" | "complex128",
  lengths: readonly number[],
  call: (arrays: readonly kernels.Reals[]) => unknown,
): ReturnType<KernelCase["prepare"]> {
  const arrays = lengths.map((length) => kernels.allocate(dtype, length));
  for (const array of arrays) for (let i = 0; i < array.length; i++) array[i] = Math.sin(i);
  return { call: () => void call(arrays), release: () => arrays.forEach((array) => kernels.release(array)) };
}
