/**
 * Number crunching on one rank: WebAssembly SIMD on typed arrays, and the heap they live in. No kernel knows of
 * ranks, shapes or dtypes: complex arrays come as interleaved (re, im) numbers to the `complex…` kernels.
 */
export { allocate, collectIfDue, release, heapStatistics, type HeapStatistics } from "./heap.js";
export { onHeap } from "./memory.js";
export type { ComplexNumber, Reals } from "./staging.js";
export {
  add,
  axpy,
  complexAxpy,
  complexFill,
  complexMultiply,
  complexScale,
  complexSoftThreshold,
  complexXpay,
  conjugate,
  conjugateMultiply,
  copy,
  fill,
  multiply,
  scale,
  softThreshold,
  subtract,
  xpay,
} from "./elementwise.js";
export {
  absMax,
  absSum,
  axpyNorm,
  complexAbsMax,
  complexAbsSum,
  complexCountNonZeros,
  complexDot,
  complexVdot,
  countNonZeros,
  dot,
  PairwiseSum,
} from "./reductions.js";
export { fft, type FftLayout, type FftSide } from "./fft.js";
export { blas, fftw, useLibraries, type Library, type LibraryOptions } from "./libraries.js";
export { smoothLength } from "./fft-plan.js";
export { filterLines, filterSpectrum, type FilterLayout, type FilterSpectrum } from "./filter-lines.js";
export { gemm, type GemmOptions, type Matrix, type MatrixForm } from "./gemm.js";
export { scanRows, type ScanLayout } from "./scan.js";
export { applyStencil, type StencilLayout, type StencilWithin } from "./apply-stencil.js";
export {
  convolution,
  firstDerivative,
  secondDerivative,
  transposeStencil,
  type FirstDerivativeOptions,
  type SecondDerivativeOptions,
  type Stencil,
} from "./stencil.js";
