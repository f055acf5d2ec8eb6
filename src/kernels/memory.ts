/**
 * The one WebAssembly memory of this process, and the kernels compiled against it. It is declared shared, so that
 * views of it stay valid when it grows; its address space is reserved at once, its pages cost nothing until touched.
 */
import { double, single } from "./generated/wasm.js";
import { adviseHugePages } from "./huge-pages.js";

export const PAGE = 65536;
const MIB = 2 ** 20;
/** Where the kernels' own areas are, in bytes; the heap begins after them. Untouched ones cost nothing. */
export const areas = {
  sums: { start: 1024, bytes: 1024 },
  staging: { start: PAGE, bytes: 3 * PAGE },
  stencils: { start: MIB, bytes: 3 * MIB },
  windows: { start: 4 * MIB, bytes: MIB },
  stencilInput: { start: 5 * MIB, bytes: 2 * MIB },
  stencilOutput: { start: 7 * MIB, bytes: 2 * MIB },
  tile: { start: 9 * MIB, bytes: 1024 },
  packedA: { start: 9.5 * MIB, bytes: MIB / 4 },
  packedB: { start: 10 * MIB, bytes: 2 * MIB },
  matrices: { start: 12 * MIB, bytes: 2 * MIB },
  squares: { start: 14 * MIB, bytes: MIB },
  lines: { start: 15 * MIB, bytes: MIB },
} as const;
export const RESERVED = 16 * MIB;
/** Numbers that are staged, and reduced, at a time. */
export const BLOCK = 8192;

/** Elementwise kernel: z ← f(x, y) with the scalar re + i im, on n numbers at byte offsets x, y, z. */
export type Elementwise = (re: number, im: number, x: number, y: number, z: number, n: number) => void;
/** Reduction of n numbers at byte offsets x, y; the results, float64, go to byte offset out. */
export type Reduction = (x: number, y: number, n: number, out: number) => void;

export type ElementwiseName =
  | "axpy"
  | "xpay"
  | "scale"
  | "multiply"
  | "add"
  | "subtract"
  | "fill"
  | "softThreshold"
  | "complexAxpy"
  | "complexXpay"
  | "complexScale"
  | "complexFill"
  | "complexMultiply"
  | "conjugate"
  | "complexSoftThreshold";
/** The kernels of one module: for numbers of 4 bytes, or of 8; see assembly/index.ts. */
export interface Kernels
  extends
    Readonly<Record<ElementwiseName, Elementwise>>,
    Readonly<Record<"squares" | "complexDot", Reduction>> {
  readonly reduce: (op: number, x: number, y: number, n: number, out: number) => void;
  readonly axpyNorm: (a: number, x: number, y: number, n: number) => number;
  readonly stencil: (
    x: number,
    y: number,
    outer: number,
    xStride: number,
    yStride: number,
    rowBytes: number,
    tile: number,
    runs: number,
    runCount: number,
    accumulate: boolean,
  ) => void;
  readonly scanRows: (
    x: number,
    y: number,
    sums: number,
    rows: number,
    stride: number,
    n: number,
    into: number,
    weight: number,
    share: number,
  ) => void;
  readonly pack: (
    x: number,
    across: number,
    along: number,
    count: number,
    depth: number,
    unit: number,
    strip: number,
    conjugate: boolean,
    z: number,
  ) => void;
  readonly multiplyPacked: (
    a: number,
    b: number,
    c: number,
    stride: number,
    rows: number,
    columns: number,
    depth: number,
    complex: boolean,
    accumulate: boolean,
    scratch: number,
  ) => void;
  readonly passes: (
    x: number,
    a: number,
    b: number,
    stages: number,
    count: number,
    s: number,
    inverse: boolean,
    scale: number,
    scratch: number,
  ) => void;
  readonly passLines: (
    x: number,
    y: number,
    work: number,
    n: number,
    bytes: number,
    stages: number,
    count: number,
    inverse: boolean,
    scale: number,
    scratch: number,
  ) => void;
  readonly multiplyRows: (
    x: number,
    z: number,
    w: number,
    rows: number,
    s: number,
    conjugate: boolean,
  ) => void;
  readonly twist: (
    x: number,
    rows: number,
    s: number,
    first: number,
    coarse: number,
    fine: number,
    inverse: boolean,
  ) => void;
  readonly transposeRows: (
    x: number,
    xStride: number,
    y: number,
    yStride: number,
    rows: number,
    columns: number,
  ) => void;
  readonly zipRows: (x: number, xStride: number, z: number, rows: number, s: number, single: boolean) => void;
  readonly unzipRows: (
    z: number,
    x: number,
    xStride: number,
    rows: number,
    s: number,
    single: boolean,
  ) => void;
  readonly untangle: (
    z: number,
    y: number,
    w: number,
    h: number,
    s: number,
    scale: number,
    middle: number,
  ) => void;
  readonly tangle: (x: number, z: number, w: number, h: number, s: number, middle: number) => void;
  readonly extend: (x: number, half: number, n: number, s: number, middle: number) => void;
  readonly scaleMiddle: (x: number, half: number, s: number, middle: number) => void;
}

/** What has no numbers of one size; both modules have it. */
interface Exports {
  readonly clear: (z: number, bytes: number) => void;
  readonly copy: (x: number, z: number, bytes: number) => void;
  readonly copyRows: (
    x: number,
    xStride: number,
    y: number,
    yStride: number,
    rows: number,
    bytes: number,
  ) => void;
  readonly combine: (op: number, type: number, x: number, y: number, z: number, n: number) => void;
}

/** What we use of WebAssembly; neither ES nor the types of Node 20 declare it. */
interface WebAssemblyNamespace {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WebAssemblyMemory;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
interface WebAssemblyMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };

const reserved = reserve();
export const { memory } = reserved;
/** Most bytes that the memory can grow to. */
export const heapLimit = reserved.pages * PAGE;
export const kernels32: Kernels = instantiate(single);
const exported = instantiate(double);
export const kernels64: Kernels = exported;
export const { clear, copy, copyRows, combine: combineBlock } = exported;

/** Every buffer object that the memory has had: growing makes a new one, views of the old ones live on. */
const buffers = new Set<ArrayBufferLike>([memory.buffer]);

/** True if the view lies in the WebAssembly memory, where kernels reach it; its address is then its byteOffset. */
export function onHeap(view: ArrayBufferView): boolean {
  return buffers.has(view.buffer);
}

/** Appends `pages` pages. False if the memory cannot grow so far. */
export function growMemory(pages: number): boolean {
  try {
    memory.grow(pages);
  } catch {
    return false;
  }
  buffers.add(memory.buffer);
  if (!advised && memory.buffer.byteLength >= LARGE) {
    advised = true;
    adviseHugePages(memory.buffer, heapLimit);
  }
  return true;
}

/** From here on pages are large: a heap of less costs no more memory than it uses. */
const LARGE = RESERVED + 8 * MIB;
let advised = false;

/** Reserves as much address space as we can get: 4 GiB if there is no limit on it (`ulimit -v`). */
function reserve(): { readonly memory: WebAssemblyMemory; readonly pages: number } {
  const initial = RESERVED / PAGE + 16;
  for (let maximum = 65536; ; maximum /= 4) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum, shared: true });
      return { memory, pages: maximum };
    } catch (cause) {
      if (maximum > 1024) continue;
      throw new Error(
        `kernels: cannot reserve ${(maximum * PAGE) / 2 ** 20} MiB of shared WebAssembly memory; raise ulimit -v`,
        { cause },
      );
    }
  }
}

/** One of the two modules, on the one memory. */
function instantiate(base64: string): Kernels & Exports {
  const module = new WebAssembly.Module(Buffer.from(base64, "base64"));
  const abort = () => {
    throw new Error("kernels: a kernel aborted");
  };
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports as Kernels & Exports; // of assembly/index.ts
}
