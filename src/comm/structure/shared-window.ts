import type { SharedArrayConstructor, SharedWindow } from "../api/windows.js";
import { barrier } from "../collectives/barrier.js";
import { bcast } from "../collectives/bcast.js";
import type { Call } from "../collectives/call.js";
import { Task } from "../task.js";
import type { CallOptions, Communicator, Request, TypedArray } from "../types.js";
import type { Engine } from "../engine.js";
import { InPlace } from "./in-place.js";
import { Part } from "./part.js";
import { lockBytes, Region } from "./region.js";
import { makeInProcess, makeShared, mapShared, type SharedMemory, takeInProcess } from "./shared-memory.js";
import { WindowArguments } from "./window-arguments.js";

/** Word for ordering memory, behind the segments, on a cache line of its own; the locks of a {@link Region} follow. */
const TAIL_BYTES = 128;

/**
 * Memory of `bytes` that all ranks of a call see: rank 0 makes it, the others map it, and when all have it nothing with
 * which more could be mapped is left.
 */
export async function shareMemory(call: Call, bytes: number): Promise<SharedMemory> {
  const { kind } = call.members.engine.transport;
  const oneProcess = kind === "sim" || kind === "self";
  if (call.rank > 0) {
    const place = (await bcast(call, undefined, 0)) as Float64Array;
    const memory = oneProcess ? takeInProcess(place) : mapShared(place, bytes);
    await barrier(call);
    return memory;
  }
  const made = (oneProcess ? makeInProcess : makeShared)(bytes);
  try {
    await bcast(call, Float64Array.from(made.place), 0);
    await barrier(call);
    return made.memory;
  } finally {
    made.closeDoor();
  }
}

/** A window on memory that the ranks of a host share; see {@link SharedWindow}. */
export class HostWindow<A extends TypedArray> extends InPlace<A> implements SharedWindow<A> {
  readonly lengths: readonly number[];
  readonly #inner: Communicator;
  readonly #engine: Engine;
  readonly #memory: SharedMemory;
  readonly #word: Int32Array;
  readonly #region: Region;
  /** Segments that this rank has accessed by rank. */
  readonly #parts: Part<A>[] = [];
  #all: A | undefined;

  /** @param id - The same on all ranks, and no other window's. */
  constructor(
    engine: Engine,
    id: number,
    inner: Communicator,
    memory: SharedMemory,
    type: SharedArrayConstructor<A>,
    lengths: readonly number[],
  ) {
    super(new WindowArguments(inner, new type(memory.buffer, 0, 0), lengths));
    this.#engine = engine;
    this.#inner = inner;
    this.#memory = memory;
    this.lengths = lengths;
    this.#all = new type(memory.buffer, 0, sum(lengths));
    const { BYTES_PER_ELEMENT } = type;
    const tail = tailAt(lengths, BYTES_PER_ELEMENT);
    this.#word = new Int32Array(memory.buffer, tail + TAIL_BYTES / 2, 1);
    const ends = lengths.map((_, rank) => sum(lengths.slice(0, rank + 1)) * BYTES_PER_ELEMENT);
    this.#region = new Region(id, memory.buffer, ends, tail + TAIL_BYTES);
    engine.regions.add(this.#region);
  }

  static bytes(lengths: readonly number[], bytesPerElement: number): number {
    return tailAt(lengths, bytesPerElement) + TAIL_BYTES + lockBytes(lengths.length);
  }

  get all(): A {
    if (this.#all === undefined) throw new Error("shared window: it has been freed; use it before");
    return this.#all;
  }

  get local(): A {
    return this.of(this.#inner.rank);
  }

  of(rank: number): A {
    const { lengths } = this;
    if (!Number.isInteger(rank) || rank < 0 || rank >= lengths.length)
      throw new RangeError(
        `shared window: ${rank} is not a rank of "${this.#inner.name}", which has ${lengths.length}`,
      );
    const begin = sum(lengths.slice(0, rank));
    return this.all.subarray(begin, begin + lengths[rank]) as A;
  }

  protected override part(rank: number): Part<A> {
    const segment = this.of(rank); // throws once the window has been freed
    return (this.#parts[rank] ??= new Part(segment, this.#region.guardOf(segment.byteOffset)));
  }

  sync(): void {
    Atomics.store(this.#word, 0, Atomics.load(this.#word, 0));
  }

  fence(options?: CallOptions): Request {
    this.sync();
    const met = this.#inner.barrier(options);
    return new Task(
      this.#engine,
      (async () => {
        await met;
        this.sync();
      })(),
    );
  }

  free(): void {
    if (this.#all === undefined) return;
    this.#all = undefined;
    this.#engine.regions.delete(this.#region);
    this.#region.free();
    this.#memory.release();
    this.#inner.free();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
  }
}

function tailAt(lengths: readonly number[], bytesPerElement: number): number {
  return Math.ceil((sum(lengths) * bytesPerElement) / TAIL_BYTES) * TAIL_BYTES;
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}
