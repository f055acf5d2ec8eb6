import { env, withVariable } from "../env.js";
import { requireNative } from "../native.js";
import { messageOf } from "../thrown.js";
import { addressOfBuffer } from "./huge-pages.js";
import { memory } from "./memory.js";

type Koffi = typeof import("koffi");
type Native = ReturnType<Koffi["load"]>;

/** A library of this machine that kernels call. */
export interface Library {
  readonly path: string;
  /** As the library says it. */
  readonly version: string;
}

/** C ← α A B + β C, on addresses; order, forms and sizes as in CBLAS. */
export type NativeGemm = (
  order: number,
  formA: number,
  formB: number,
  rows: number,
  columns: number,
  depth: number,
  alpha: number | Float64Array | Float32Array,
  a: number,
  strideA: number,
  b: number,
  strideB: number,
  beta: number | Float64Array | Float32Array,
  c: number,
  strideC: number,
) => void;

export interface Blas extends Library {
  readonly gemm: Readonly<Record<"float32" | "float64" | "complex64" | "complex128", NativeGemm>>;
}

/** FFTW in one precision; plans and buffers are addresses. */
export interface Fftw extends Library {
  plan(
    rank: number,
    n: Int32Array,
    lines: number,
    x: number,
    xShape: null,
    xStride: number,
    xDistance: number,
    y: number,
    yShape: null,
    yStride: number,
    yDistance: number,
    sign: -1 | 1,
    flags: number,
  ): number;
  execute(plan: number, x: number, y: number): void;
}

/** Which libraries kernels may call. */
export interface LibraryOptions {
  /** OpenBLAS, BLIS or MKL, for matrix products. */
  readonly blas?: boolean;
  /** FFTW, for Fourier transforms. */
  readonly fftw?: boolean;
}

/** What the search tries, the likeliest first. Libraries without kernels of their own, as the reference BLAS, are slower than ours. */
const BLAS_NAMES = ["libopenblas.so.0", "libblis.so.4", "libmkl_rt.so.2", "libmkl_rt.so.1"];
const FFTW_NAMES = { float64: ["libfftw3.so.3"], float32: ["libfftw3f.so.3"] } as const;

const allowed = { blas: env.libraries.blas !== "0", fftw: env.libraries.fftw !== "0" };

/**
 * Lets kernels call the libraries of this machine, or keeps them from it; what is not named stays as it is. Local. By
 * default they are used where they are installed and win; `TSMPI_BLAS=0` and `TSMPI_FFTW=0` in the environment turn them
 * off too. Results agree to rounding, not in every bit.
 */
export function useLibraries({ blas = allowed.blas, fftw = allowed.fftw }: LibraryOptions): void {
  [allowed.blas, allowed.fftw] = [blas, fftw];
}

/**
 * The BLAS of this machine, if there is one and it may be used; looked for on first use.
 *
 * @throws {Error} If the one that `TSMPI_BLAS` names cannot be used.
 */
export function blas(): Blas | undefined {
  return allowed.blas
    ? found("blas", () => search(BLAS_NAMES, "TSMPI_BLAS", env.libraries.blas, bindBlas))
    : undefined;
}

/** FFTW in one precision, likewise; `TSMPI_FFTW` names that in double precision. */
export function fftw(precision: "float32" | "float64"): Fftw | undefined {
  if (!allowed.fftw) return undefined;
  const named = precision === "float64" ? env.libraries.fftw : undefined;
  return found(`fftw ${precision}`, () =>
    search(FFTW_NAMES[precision], "TSMPI_FFTW", named, (koffi, library, path) =>
      bindFftw(koffi, library, path, precision),
    ),
  );
}

/** Where the heap begins for a library: the memory never moves. */
export function heapAddress(): number {
  heapStart ??= addressOfBuffer(memory.buffer);
  return heapStart;
}

let heapStart: number | undefined;
const libraries = new Map<string, unknown>();

function found<L>(key: string, look: () => L | undefined): L | undefined {
  if (!libraries.has(key)) libraries.set(key, look());
  return libraries.get(key) as L | undefined;
}

type Bind<L> = (koffi: Koffi, library: Native, path: string) => L;

/**
 * The first library that can be loaded and has what we call.
 *
 * @param named - The only one that is tried, if the user has named it.
 * @throws {Error} If that one cannot be used.
 */
function search<L>(
  names: readonly string[],
  variable: "TSMPI_BLAS" | "TSMPI_FFTW",
  named: string | undefined,
  bind: Bind<L>,
): L | undefined {
  if (named !== undefined && named !== "0") {
    try {
      return load(named, bind);
    } catch (cause) {
      const reason = `${variable}=${named}: ${messageOf(cause)}`;
      throw new Error(`${reason}; name a library that this host has, or 0 for none`, { cause });
    }
  }
  for (const path of names) {
    try {
      return load(path, bind);
    } catch {
      continue; // not installed, or not what its name says
    }
  }
  return undefined;
}

function load<L>(path: string, bind: Bind<L>): L {
  const koffi = requireNative<Koffi>("koffi");
  // Told later, OpenBLAS has started a thread for each core by then.
  const library = withVariable("OPENBLAS_NUM_THREADS", "1", () => koffi.load(path));
  return bind(koffi, library, path);
}

function bindBlas(_koffi: Koffi, library: Native, path: string): Blas {
  const gemm = (letter: string, scalar: string) =>
    library.func(`cblas_${letter}gemm`, "void", [
      ...["int", "int", "int", "int", "int", "int"],
      ...[scalar, "intptr_t", "int", "intptr_t", "int", scalar, "intptr_t", "int"],
    ]) as NativeGemm;
  oneThread(library);
  return {
    path,
    version: blasVersion(library),
    gemm: {
      float32: gemm("s", "float"),
      float64: gemm("d", "double"),
      complex64: gemm("c", "void *"),
      complex128: gemm("z", "void *"),
    },
  };
}

/** Ranks are the threads: a library that starts more would take the cores of other ranks. */
function oneThread(library: Native): void {
  const set =
    optional(library, "openblas_set_num_threads", "void", ["int"]) ??
    optional(library, "MKL_Set_Num_Threads", "void", ["int"]) ??
    optional(library, "bli_thread_set_num_threads", "void", ["int64_t"]);
  set?.(1);
}

function blasVersion(library: Native): string {
  const ask = optional(library, "openblas_get_config", "str", []);
  if (ask) return String(ask());
  const blis = optional(library, "bli_info_get_version_str", "str", []);
  return blis ? `BLIS ${String(blis())}` : "MKL";
}

function optional(library: Native, name: string, result: string, parameters: string[]) {
  try {
    return library.func(name, result, parameters) as (...values: number[]) => unknown;
  } catch {
    return undefined;
  }
}

function bindFftw(koffi: Koffi, library: Native, path: string, precision: "float32" | "float64"): Fftw {
  const prefix = precision === "float64" ? "fftw" : "fftwf";
  const line = ["intptr_t", "void *", "int", "int"];
  return {
    path,
    version: String(koffi.decode(library.symbol(`${prefix}_version`), "char", 64)).replace(/\0.*$/s, ""),
    plan: library.func(`${prefix}_plan_many_dft`, "intptr_t", [
      ...["int", "void *", "int"],
      ...line,
      ...line,
      ...["int", "uint"],
    ]) as Fftw["plan"],
    execute: library.func(`${prefix}_execute_dft`, "void", [
      "intptr_t",
      "intptr_t",
      "intptr_t",
    ]) as Fftw["execute"],
  };
}
