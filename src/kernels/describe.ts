import { blas, fftw, type Library } from "./libraries.js";
import { heapLimit } from "./memory.js";
import { messageOf } from "../thrown.js";

/** What the kernels of this process work with. */
export interface KernelInfo {
  readonly webassembly: {
    /** Of what kernels use, or could use one day. */
    readonly features: readonly string[];
    /** Most that arrays on the heap can take. */
    readonly heapBytes: number;
  };
  readonly libraries: readonly {
    readonly name: string;
    readonly found: Library | null;
    /** What is wrong with one that the user has named. */
    readonly problem: string | null;
    /** What it computes, if it is found. */
    readonly kernels: string;
  }[];
}

/** Looks for the libraries, and asks the engine for its features. Local. */
export function describeKernels(): KernelInfo {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(code: Uint8Array): boolean } };
  const features = Object.entries(PROBES).filter(([, code]) =>
    WebAssembly.validate(Uint8Array.of(...MAGIC, ...code)),
  );
  return {
    webassembly: { features: features.map(([name]) => name), heapBytes: heapLimit },
    libraries: [
      { name: "BLAS", ...lookFor(blas), kernels: "matrix products of arrays on the heap" },
      {
        name: "FFTW, double",
        ...lookFor(() => fftw("float64")),
        kernels: "Fourier transforms of short lines",
      },
      {
        name: "FFTW, single",
        ...lookFor(() => fftw("float32")),
        kernels: "Fourier transforms of short lines",
      },
    ],
  };
}

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Modules that are valid where there is the feature. */
const PROBES: Readonly<Record<string, readonly number[]>> = {
  simd: [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
  threads: [1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65, 0, 254, 16, 2, 0, 26, 11],
  "relaxed simd": [
    ...[
      1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11,
    ],
  ],
  memory64: [5, 3, 1, 4, 1],
};

function lookFor(look: () => Library | undefined): { found: Library | null; problem: string | null } {
  try {
    const library = look();
    return { found: library ? { path: library.path, version: library.version } : null, problem: null };
  } catch (error) {
    return { found: null, problem: messageOf(error) };
  }
}
