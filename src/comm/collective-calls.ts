import { checkApart, checkInto, describe, perRank } from "./arguments.js";
import type { Collectives, StridedInto } from "./api/collectives.js";
import { checkCall, NO_OPTIONS } from "./call-options.js";
import { allgatherAgreement, alltoallAgreement } from "./collectives/agreements.js";
import { allgather, allgatherInto } from "./collectives/allgather.js";
import { alltoall, alltoallInto } from "./collectives/alltoall.js";
import { barrier } from "./collectives/barrier.js";
import { bcast } from "./collectives/bcast.js";
import { blockOf, type Blocks, cut } from "./collectives/blocks.js";
import { copyInto, identical } from "./collectives/buffers.js";
import { gather, gatherInto } from "./collectives/gather.js";
import {
  startAllgather,
  startAlltoall,
  startBarrier,
  startBcast,
  startGather,
  startScatter,
} from "./collectives/in-memory/start-exchanges.js";
import { checkPieces, packed, spread } from "./collectives/strided-exchange.js";
import { scatter, scatterInto } from "./collectives/scatter.js";
import { isTypedArray } from "./envelope.js";
import type { Strided } from "./layout.js";
import { ReductionCalls } from "./reduction-calls.js";
import type { Operation } from "./request.js";
import { Task } from "./task.js";
import type { CallOptions, Counts, Into, RecvCounts, Request, RootOptions, TypedArray } from "./types.js";

/**
 * The collectives of a communicator: checks what a call was given, and starts the algorithm; see {@link Collectives}
 * for what the methods do, and collectives/ for how. Those that reduce are in reduction-calls.ts.
 */
export class CollectiveCalls extends ReductionCalls implements Collectives {
  barrier(options: CallOptions = NO_OPTIONS): Request {
    const inMemory = this.inMemory("barrier", options) && startBarrier(this.calls);
    if (inMemory) return this.limited(inMemory, options) as Operation<unknown> as Operation<void>;
    return this.begin({ name: "barrier" }, options, barrier);
  }

  bcast<A extends TypedArray>(value: A | undefined, options: RootOptions & Into<A>): Request<A>;
  bcast<T>(value: T | undefined, options?: RootOptions): Request<T>;
  bcast(value: unknown, options: RootOptions & Partial<Into<TypedArray>> = NO_OPTIONS): Request<unknown> {
    const { root = 0, into } = options;
    const inMemory = this.inMemory("bcast", options) && startBcast(this.calls, value, root, this.rank, into);
    if (inMemory) return this.limited(inMemory, options);
    return this.begin({ name: "bcast", root }, options, async (call) => {
      if (this.rank === root && into !== undefined) {
        if (!isTypedArray(value))
          throw new TypeError(
            `bcast: into needs a typed array as value at root ${root}, not ${describe(value)}`,
          );
        checkInto(this, "bcast", value, into);
        copyInto(into, value);
      }
      const result = await bcast(call, value, root, into);
      return into ?? result;
    });
  }

  gather<A extends TypedArray>(
    value: A,
    options: RootOptions & Counts & Partial<Into<A>> & { into: A | undefined },
  ): Request<A | undefined>;
  gather<T>(value: T, options?: RootOptions): Request<T[] | undefined>;
  gather(
    value: unknown,
    options: RootOptions & Counts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { root = 0, into } = options;
    const atRoot = this.rank === root && into !== undefined;
    const inMemory =
      this.inMemory("gather", options) && startGather(this.calls, value, root, this.rank, options);
    if (inMemory) return this.limited(inMemory, options);
    return this.begin({ name: "gather", root }, options, async (call) => {
      if (!("into" in options) || !isTypedArray(value)) {
        if (atRoot) throw new TypeError(`gather: into needs a typed array as value, not ${describe(value)}`);
        return gather(call, value, root);
      }
      if (!atRoot) {
        if (this.rank === root) return gather(call, value, root);
        await gatherInto(call, value, root);
        return undefined;
      }
      const blocks = cut("gather", options, this.size, into.length);
      await gatherInto(call, this.#own("gather", value, into, blocks), root, into, blocks);
      return into;
    });
  }

  scatter<A extends TypedArray>(values: A | undefined, options: RootOptions & Counts & Into<A>): Request<A>;
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Request<T>;
  scatter(
    values: unknown,
    options: RootOptions & Counts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { root = 0, into } = options;
    const atRoot = this.rank === root;
    const inMemory =
      this.inMemory("scatter", options) && startScatter(this.calls, values, root, this.rank, options);
    if (inMemory) return this.limited(inMemory, options);
    return this.begin({ name: "scatter", root }, options, async (call) => {
      if (into === undefined)
        return scatter(call, atRoot ? perRank(this, "scatter", values) : undefined, root);
      if (!atRoot) return scatterInto(call, root, into).then(() => into);
      if (!isTypedArray(values))
        throw new TypeError("scatter: root passes no typed array to scatter into buffers");
      const blocks = cut("scatter", options, this.size, values.length);
      const block = blockOf(values, blocks, root);
      // In place, the root's block stays where it is.
      const own = identical(values, into) ? block : into;
      if (own.buffer === values.buffer && !identical(own, block)) checkApart(this, "scatter", values, own);
      await scatterInto(call, root, own, values, blocks);
      return into;
    });
  }

  allgather<A extends TypedArray>(value: A, options: CallOptions & Counts & Into<A>): Request<A>;
  allgather<T>(value: T, options?: CallOptions): Request<T[]>;
  allgather(
    value: unknown,
    options: CallOptions & Counts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { into } = options;
    const inMemory =
      this.inMemory("allgather", options) && startAllgather(this.calls, value, this.rank, options);
    if (inMemory) return this.limited(inMemory, options);
    const blocks = into && blocksOrError(() => cut("allgather", options, this.size, into.length));
    return this.begin(
      allgatherAgreement(into, blocks instanceof Error ? undefined : blocks),
      options,
      async (call) => {
        if (into === undefined || blocks === undefined) return allgather(call, value);
        if (!isTypedArray(value))
          throw new TypeError(`allgather: into needs a typed array as value, not ${describe(value)}`);
        if (blocks instanceof Error) throw blocks;
        await allgatherInto(call, this.#own("allgather", value, into, blocks), into, blocks);
        return into;
      },
    );
  }

  alltoall<A extends TypedArray>(value: A, options: CallOptions & Counts & RecvCounts & Into<A>): Request<A>;
  alltoall<T>(values: readonly T[], options?: CallOptions): Request<T[]>;
  alltoall(
    values: unknown,
    options: CallOptions & Counts & RecvCounts & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { into } = options;
    const inMemory = this.inMemory("alltoall", options) && startAlltoall(this.calls, values, options);
    if (inMemory) return this.limited(inMemory, options);
    return this.begin(alltoallAgreement(into, options), options, async (call) => {
      if (into === undefined) return alltoall(call, perRank(this, "alltoall", values));
      if (!isTypedArray(values))
        throw new TypeError(`alltoall: into needs a typed array as value, not ${describe(values)}`);
      if (values.constructor !== into.constructor) {
        throw new TypeError(
          `alltoall: value is ${values.constructor.name} and into is ${into.constructor.name} on rank ${this.rank}; use equal types`,
        );
      }
      const source = identical(values, into) ? values.slice() : values;
      checkApart(this, "alltoall", source, into);
      const blocks = cut("alltoall", options, this.size, values.length);
      const received = { counts: options.recvCounts, displs: options.recvDispls };
      await alltoallInto(call, source, blocks, into, cut("alltoall into", received, this.size, into.length));
      return into;
    });
  }

  alltoallw(pieces: readonly Strided[], options: StridedInto): Request<readonly Strided[]> {
    const { into, signal, timeoutMs } = options;
    let values: readonly TypedArray[];
    try {
      checkCall(this, "alltoallw", options);
      checkPieces("alltoallw", "into", this.size, into);
      values = packed("alltoallw", this.size, pieces);
    } catch (error) {
      return this.calls.start({ name: "alltoall" }, () => Promise.reject(error as Error)); // on every rank
    }
    const exchanged = this.alltoall(values, {
      ...(signal && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    const finish = async (): Promise<readonly Strided[]> => {
      spread("alltoallw", await exchanged, into);
      return into;
    };
    return new Task(this.engine, finish());
  }

  /** This rank's contribution: the buffer itself as value means that it is in its block already. */
  #own(where: string, value: TypedArray, into: TypedArray, blocks: Blocks): TypedArray {
    const block = blockOf(into, blocks, this.rank);
    if (identical(value, into)) return block;
    if (value.length !== block.length || value.constructor !== block.constructor) {
      throw new RangeError(
        `${where}: rank ${this.rank} passes ${value.length} elements of ${value.constructor.name}, its block has ` +
          `${block.length} of ${block.constructor.name}; make counts and types agree`,
      );
    }
    if (!identical(value, block)) checkApart(this, where, value, into);
    return value;
  }
}

function blocksOrError(make: () => Blocks): Blocks | Error {
  try {
    return make();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
