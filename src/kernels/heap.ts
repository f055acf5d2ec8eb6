import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { FreeList } from "./free-list.js";
import { clear, growMemory, memory, onHeap, PAGE, RESERVED } from "./memory.js";

/** What the heap stores; complex elements are two numbers, (re, im). */
export interface HeapArrays {
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
  int32: Int32Array;
}
export type ElementType = keyof HeapArrays;
type HeapArray = HeapArrays[ElementType];

export interface HeapStatistics {
  /** Arrays on the heap that were not released and not found dead. */
  readonly arrays: number;
  /** Bytes they take, and bytes that are free for others. */
  readonly used: number;
  readonly free: number;
  /** Bytes of arrays that did not fit and came as ordinary buffers, over the life of the process. */
  readonly overflowed: number;
}

const constructors: Record<ElementType, HeapArrayConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  int32: Int32Array,
};
interface HeapArrayConstructor {
  new (length: number): HeapArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): HeapArray;
  readonly BYTES_PER_ELEMENT: number;
}

const ALIGNMENT = 64; // a cache line
const COLLECT_AFTER = 256 * 2 ** 20;

interface Block {
  readonly start: number;
  readonly bytes: number;
  readonly view: WeakRef<ArrayBufferView>;
}

const free = new FreeList();
const blocks = new Map<number, Block>(); // by start
const parents = new WeakMap<ArrayBufferView, ArrayBufferView>();
const dead = new FinalizationRegistry<Block>(giveBack);
let end = memory.buffer.byteLength; // of the memory
let untouched = RESERVED; // memory from here on was never handed out, so it is zero
let used = 0; // bytes
let placed = 0; // bytes placed and not released since garbage was last collected
let overflowed = 0; // bytes
free.give(RESERVED, end - RESERVED);

/**
 * Allocates an array of zeros where kernels reach it without copying. Local.
 *
 * Its memory returns to the heap with {@link release}, or some time after the array and all of its `subarray`s have
 * become garbage. A view made by hand (`new Uint8Array(array.buffer, …)`) does not keep the array alive: hold on to
 * the array as long as you use the view. If the heap is full (4 GiB at most), the array has an ordinary buffer;
 * kernels accept that too, with the same results, at the cost of a copy.
 *
 * @param length - Elements; a complex one takes two numbers of the array.
 * @throws {RangeError} If `length` is not a count, or there is no memory at all.
 */
export function allocate<T extends ElementType>(type: T, length: number): HeapArrays[T];
export function allocate(type: ElementType, length: number): HeapArray {
  const Constructor = constructors[type];
  const numbers = type.startsWith("complex") ? 2 * length : length;
  if (!Number.isSafeInteger(numbers) || numbers < 0) {
    throw new RangeError(`allocate: ${length} is not a number of elements; give an integer of 0 or more`);
  }
  if (numbers === 0) return new Constructor(0);
  const bytes = Math.ceil((numbers * Constructor.BYTES_PER_ELEMENT) / ALIGNMENT) * ALIGNMENT;
  const start = place(bytes);
  if (start === undefined) {
    overflowed += bytes;
    return new Constructor(numbers);
  }
  if (start < untouched) clear(start, Math.min(bytes, untouched - start));
  untouched = Math.max(untouched, start + bytes);
  const view = keptBySubarrays(new Constructor(memory.buffer, start, numbers));
  const block = { start, bytes, view: new WeakRef(view) };
  blocks.set(start, block);
  dead.register(view, block, view);
  return view;
}

/**
 * Returns the memory of an array to the heap; no view of it may be used afterwards. Local. Does nothing for arrays
 * that are not from {@link allocate}, for parts of them, and for those released before.
 */
export function release(view: ArrayBufferView): void {
  const block = onHeap(view) ? blocks.get(view.byteOffset) : undefined;
  if (block?.view.deref() !== view) return;
  dead.unregister(view);
  placed = Math.max(0, placed - block.bytes);
  giveBack(block);
}

/** How full the heap is. Local. */
export function heapStatistics(): HeapStatistics {
  return { arrays: blocks.size, used, free: free.bytes, overflowed };
}

/**
 * Collects garbage if it is due, in a turn of its own; `undefined` if it is not due. Local. For loops that allocate: an array
 * lives at least until the job ends that made it (as its WeakRef demands), and a loop which awaits nothing but settled
 * promises is one job, however long. What it drops could not be found otherwise.
 */
export function collectIfDue(): Promise<void> | undefined {
  if (!isDue()) return undefined;
  return new Promise((resolve) =>
    setImmediate(() => {
      if (isDue()) sweep();
      resolve();
    }),
  );
}

/** Finds room: in the free list, which the dead fill from time to time, else in new pages. */
function place(bytes: number): number | undefined {
  if (isDue()) sweep();
  const start = free.take(bytes) ?? (grow(bytes) ? free.take(bytes) : undefined);
  if (start === undefined) return undefined;
  used += bytes;
  placed += bytes;
  return start;
}

function isDue(): boolean {
  return placed >= Math.max(COLLECT_AFTER, used / 2);
}

/** Appends pages for `bytes`, a quarter of the heap at least, so that growing stays rare. */
function grow(bytes: number): boolean {
  const missing = Math.ceil(Math.max(0, bytes - free.bytesEndingAt(end)) / PAGE);
  const generous = Math.max(missing, Math.ceil(end / 4 / PAGE));
  for (const pages of [generous, missing]) {
    if (!growMemory(pages)) continue;
    free.give(end, pages * PAGE);
    end += pages * PAGE;
    return true;
  }
  return false;
}

/**
 * Collects garbage and gives back the blocks of dead arrays. Views are tiny to the garbage collector, however much
 * they hold here: it does not see the pressure, so it is called, each time that what was placed since makes half of all.
 */
function sweep(): void {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("globalThis.gc") as (() => void) | undefined;
  collectGarbage?.();
  for (const block of blocks.values()) if (!block.view.deref()) giveBack(block);
  placed = 0;
}

function giveBack(block: Block): void {
  if (blocks.get(block.start) !== block) return; // swept already, and perhaps placed again
  blocks.delete(block.start);
  free.give(block.start, block.bytes);
  used -= block.bytes;
}

/** Makes every subarray of `view`, and every subarray of those, keep `view` and thereby its memory alive. */
function keptBySubarrays<V extends HeapArray>(view: V): V {
  return Object.defineProperty(view, "subarray", { value: subarray });
}

function subarray(this: HeapArray, begin?: number, end?: number): HeapArray {
  const { subarray: inherited } = Object.getPrototypeOf(this) as Pick<typeof this, "subarray">;
  const part = keptBySubarrays(Reflect.apply(inherited, this, [begin, end]) as HeapArray);
  parents.set(part, this);
  return part;
}
