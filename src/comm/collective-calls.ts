import { checkInto, checkOp, describe, perRank } from "./arguments.js";
import type { Collectives } from "./api/collectives.js";
import { allgather, allgatherInto } from "./collectives/allgather.js";
import { allreduce } from "./collectives/allreduce.js";
import { alltoall, alltoallInto } from "./collectives/alltoall.js";
import { barrier } from "./collectives/barrier.js";
import { bcast } from "./collectives/bcast.js";
import { cut } from "./collectives/blocks.js";
import type { Call } from "./collectives/call.js";
import {
  startAllgather,
  startAllreduce,
  startAlltoall,
  startBarrier,
  startBcast,
  startGather,
  startReduce,
  startReduceScatter,
  startScan,
  startScatter,
} from "./collectives/in-memory/start.js";
import { foldAllreduce, foldReduce, foldScan } from "./collectives/fold.js";
import { copyInto, gather, gatherInto } from "./collectives/gather.js";
import { reduceScatter } from "./collectives/reduce-scatter.js";
import { reduce } from "./collectives/reduce.js";
import { scan } from "./collectives/scan.js";
import { scatter, scatterInto } from "./collectives/scatter.js";
import { codeOf, isTypedArray } from "./envelope.js";
import { type Elementwise, elementwise } from "./elementwise.js";
import { MessageCalls } from "./message-calls.js";
import type { Operation } from "./request.js";
import type {
  Counts,
  Into,
  OpName,
  RecvCounts,
  ReduceOptions,
  Request,
  RootOptions,
  TypedArray,
} from "./types.js";

/**
 * The collectives of a communicator: checks what a call was given, and starts the algorithm; see {@link Collectives}
 * for what the methods do, and collectives/ for how.
 */
export class CollectiveCalls extends MessageCalls implements Collectives {
  barrier(): Request {
    const inMemory = startBarrier(this.calls) as Operation<void> | undefined;
    return inMemory ?? this.calls.start({ name: "barrier" }, barrier);
  }

  bcast<A extends TypedArray>(value: A | undefined, options: RootOptions & Into<A>): Request<A>;
  bcast<T>(value: T | undefined, options?: RootOptions): Request<T>;
  bcast(value: unknown, { root = 0, into }: RootOptions & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const inMemory = startBcast(this.calls, value, root, this.rank, into);
    if (inMemory !== undefined) return inMemory;
    return this.calls.start({ name: "bcast", root }, async (call) => {
      const result = await bcast(call, value, root, into);
      if (this.rank === root && into !== undefined && isTypedArray(value)) {
        checkInto(this, "bcast", value, into);
        copyInto(into, value);
      }
      return into ?? result;
    });
  }

  reduce<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & RootOptions & Partial<Into<A>>,
  ): Request<A | undefined>;
  reduce<T>(value: T, options?: ReduceOptions<T> & RootOptions): Request<T | undefined>;
  reduce<T>(
    value: T,
    options: ReduceOptions<T> & RootOptions & Partial<Into<TypedArray>> = {},
  ): Request<unknown> {
    const { op = "sum", root = 0, into } = options;
    if (typeof op !== "string")
      return this.calls.start({ name: "reduce", root }, (call) => foldReduce(call, value, op, root));
    const inMemory = startReduce(this.calls, value, op, root, into);
    if (inMemory !== undefined) return inMemory;
    return this.#reduction("reduce", value, op, into, { root }, async (call, work, input) => {
      const target = this.rank === root ? work.array : undefined;
      await reduce(call, work.array, op, root, target);
      return this.rank === root ? input.result(work.array) : undefined;
    });
  }

  allreduce<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  allreduce<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  allreduce<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { op = "sum", into } = options;
    const inMemory = startAllreduce(this.calls, value, op, into);
    if (inMemory !== undefined) return inMemory;
    if (typeof op !== "string")
      return this.calls.start({ name: "allreduce" }, (call) => foldAllreduce(call, value, op));
    return this.#reduction("allreduce", value, op, into, {}, async (call, work, input) => {
      await allreduce(call, work.array, op);
      return input.result(work.array);
    });
  }

  gather<A extends TypedArray>(
    value: A,
    options: RootOptions & Counts & Partial<Into<A>> & { into: A | undefined },
  ): Request<A | undefined>;
  gather<T>(value: T, options?: RootOptions): Request<T[] | undefined>;
  gather(value: unknown, options: RootOptions & Counts & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { root = 0, into } = options;
    const inMemory = startGather(this.calls, value, root, this.rank, options);
    if (inMemory !== undefined) return inMemory;
    return this.calls.start({ name: "gather", root }, (call) => {
      if (!("into" in options) || !isTypedArray(value)) return gather(call, value, root);
      const blocks =
        this.rank === root && into !== undefined ? cut("gather", options, this.size, into.length) : undefined;
      return gatherInto(call, value, root, into, blocks).then(() => (this.rank === root ? into : undefined));
    });
  }

  scatter<A extends TypedArray>(values: A | undefined, options: RootOptions & Counts & Into<A>): Request<A>;
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Request<T>;
  scatter(values: unknown, options: RootOptions & Counts & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { root = 0, into } = options;
    const inMemory = startScatter(this.calls, values, root, this.rank, options);
    if (inMemory !== undefined) return inMemory;
    return this.calls.start({ name: "scatter", root }, (call) => {
      if (into !== undefined) {
        const source = this.rank === root && isTypedArray(values) ? values : undefined;
        if (this.rank === root && source === undefined)
          throw new TypeError("scatter: root passes no typed array to scatter into buffers");
        const blocks = source && cut("scatter", options, this.size, source.length);
        return scatterInto(call, root, into, source, blocks).then(() => into);
      }
      const list = this.rank === root ? perRank(this, "scatter", values) : undefined;
      return scatter(call, list, root);
    });
  }

  allgather<A extends TypedArray>(value: A, options: Counts & Into<A>): Request<A>;
  allgather<T>(value: T): Request<T[]>;
  allgather(value: unknown, options: Counts & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { into } = options;
    const inMemory = startAllgather(this.calls, value, this.rank, options);
    if (inMemory !== undefined) return inMemory;
    return this.calls.start({ name: "allgather" }, (call) => {
      if (into === undefined) return allgather(call, value);
      if (!isTypedArray(value))
        throw new TypeError(`allgather: into needs a typed array as value, not ${typeof value}`);
      const blocks = cut("allgather", options, this.size, into.length);
      const own = blocks.counts[this.rank];
      if (own !== value.length) {
        throw new RangeError(
          `allgather: rank ${this.rank} passes ${value.length} elements, its block has ${own}; make the counts agree`,
        );
      }
      return allgatherInto(call, value, into, blocks).then(() => into);
    });
  }

  alltoall<A extends TypedArray>(value: A, options: Counts & RecvCounts & Into<A>): Request<A>;
  alltoall<T>(values: readonly T[]): Request<T[]>;
  alltoall(values: unknown, options: Counts & RecvCounts & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { into } = options;
    const apart = into === undefined || !isTypedArray(values) || !overlap(values, into);
    const inMemory = apart ? startAlltoall(this.calls, values, options) : undefined;
    if (inMemory !== undefined) return inMemory;
    return this.calls.start({ name: "alltoall" }, (call) => {
      if (into === undefined) return alltoall(call, perRank(this, "alltoall", values));
      if (!isTypedArray(values))
        throw new TypeError(`alltoall: into needs a typed array as value, not ${typeof values}`);
      if (overlap(values, into)) {
        throw new RangeError("alltoall: into overlaps the values to send; use another buffer");
      }
      const blocks = cut("alltoall", options, this.size, values.length);
      const intoBlocks = cut(
        "alltoall into",
        { counts: options.recvCounts, displs: options.recvDispls },
        this.size,
        into.length,
      );
      return alltoallInto(call, values, blocks, into, intoBlocks).then(() => into);
    });
  }

  scan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  scan<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  scan<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { op = "sum", into } = options;
    const inMemory = startScan(this.calls, value, op, false, into);
    if (inMemory !== undefined) return inMemory;
    if (typeof op !== "string")
      return this.calls.start({ name: "scan" }, async (call) => (await foldScan(call, value, op)).inclusive);
    return this.#reduction("scan", value, op, into, {}, async (call, work, input) => {
      await scan(call, work.array, op);
      return input.result(work.array);
    });
  }

  exscan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A | undefined>;
  exscan<T>(value: T, options?: ReduceOptions<T>): Request<T | undefined>;
  exscan<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { op = "sum", into } = options;
    const inMemory = startScan(this.calls, value, op, true, into);
    if (inMemory !== undefined) return inMemory;
    if (typeof op !== "string")
      return this.calls.start(
        { name: "exscan" },
        async (call) => (await foldScan(call, value, op)).exclusive,
      );
    return this.#reduction("exscan", value, op, undefined, {}, async (call, work, input) => {
      const before = await scan(call, work.array, op);
      if (before === undefined) return undefined;
      if (into === undefined) return input.result(before);
      copyInto(into, before);
      return into;
    });
  }

  reduceScatter<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & { counts?: ArrayLike<number> } & Partial<Into<A>> = {},
  ): Request<A> {
    const { op = "sum", counts, into } = options;
    const inMemory = startReduceScatter(this.calls, value, op, this.rank, { counts, into });
    if (inMemory !== undefined) return inMemory as Operation<A>;
    return this.calls.start(
      {
        name: "reduceScatter",
        op: typeof op === "string" ? op : undefined,
        code: codeOf(value),
        count: value.length,
      },
      (call) => {
        const blocks = cut("reduceScatter", { counts }, this.size, value.length);
        const own = blocks.counts[this.rank];
        if (into !== undefined && into.length !== own) {
          throw new RangeError(
            `reduceScatter: into of rank ${this.rank} has ${into.length} elements, its block ${own}`,
          );
        }
        const { displs } = blocks;
        if (typeof op !== "string") {
          return foldAllreduce(call, value, op).then((all) => {
            const part = all.slice(displs[this.rank], displs[this.rank] + own) as A;
            if (into === undefined) return part;
            copyInto(into, part);
            return into;
          });
        }
        checkOp(this, "reduceScatter", op, value);
        const result = into ?? (value.slice(0, own) as A);
        return reduceScatter(call, value.slice(), op, blocks, result).then(() => result);
      },
    );
  }

  /** A reduction by name: of a typed array, a number, a bigint or a boolean, all as a working copy or in `into`. */
  #reduction(
    name: "reduce" | "allreduce" | "scan" | "exscan",
    value: unknown,
    op: OpName,
    into: TypedArray | undefined,
    { root }: RootOptions,
    run: (call: Call, work: { array: TypedArray }, input: Elementwise) => Promise<unknown>,
  ): Request<unknown> {
    const input = elementwise(value);
    const { array } = input;
    return this.calls.start(
      { name, root, op, code: array && codeOf(array), count: array?.length },
      (call) => {
        if (array === undefined) {
          throw new TypeError(
            `${name}: "${op}" reduces numbers, bigints, booleans and typed arrays, not ${describe(value)}; pass an op of your own`,
          );
        }
        checkOp(this, name, op, array);
        if (into === undefined)
          return run(call, { array: isTypedArray(value) ? array.slice() : array }, input);
        checkInto(this, name, array, into);
        copyInto(into, array);
        return run(call, { array: into }, input);
      },
    );
  }
}

export function overlap(a: TypedArray, b: TypedArray): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}
