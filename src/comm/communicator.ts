import { allgather, allgatherInto } from "./collectives/allgather.js";
import { allreduce } from "./collectives/allreduce.js";
import { alltoall, alltoallInto } from "./collectives/alltoall.js";
import { barrier } from "./collectives/barrier.js";
import { bcast } from "./collectives/bcast.js";
import { cut } from "./collectives/blocks.js";
import { type Agreement, Call, type Members } from "./collectives/call.js";
import { BOARD_PAYLOAD_BYTES, OnBoard } from "./collectives/on-board.js";
import { foldAllreduce, foldReduce, foldScan } from "./collectives/fold.js";
import { copyInto, gather, gatherInto } from "./collectives/gather.js";
import { reduceScatter } from "./collectives/reduce-scatter.js";
import { reduce } from "./collectives/reduce.js";
import { scan } from "./collectives/scan.js";
import { scatter, scatterInto } from "./collectives/scatter.js";
import type { Engine } from "./engine.js";
import { codeOf, isTypedArray, pack } from "./envelope.js";
import { RemoteError } from "./errors.js";
import { childContext, collectiveContext } from "./context-id.js";
import { type Elementwise, elementwise } from "./elementwise.js";
import type { Message } from "./matching.js";
import { unsuited } from "./operations.js";
import { Operation } from "./request.js";
import { Task } from "./task.js";
import type {
  Communicator,
  Counts,
  Into,
  OpName,
  RecvCounts,
  RecvOptions,
  ReduceOptions,
  Request,
  RootOptions,
  SendOptions,
  SendRecvOptions,
  Statistics,
  TypedArray,
} from "./types.js";
import { ANY_SOURCE, ANY_TAG, PROC_NULL, TAG_UB } from "./types.js";

/** So many calls are remembered, by sequence number, so that a late message can still be judged. A power of two. */
const REMEMBERED = 64;

/**
 * The communicator of a group of the world's ranks; see {@link Communicator} for what its methods do.
 *
 * Each has two contexts, one for the user's messages and one for collectives, with ids derived from the parent's, so
 * that creating one sends no messages and no id is ever used again.
 */
export class GroupCommunicator implements Communicator, Members {
  readonly engine: Engine;
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly ranks: readonly number[];
  readonly context: number;
  readonly #id: number;
  readonly #calls: Record<string, number> = {};
  readonly #recent: (Call | undefined)[] = Array.from({ length: REMEMBERED });
  readonly #failures = new Map<number, Error>();
  readonly #board: OnBoard | undefined;
  #sequence = 0;
  #children = 0;
  #self: GroupCommunicator | undefined;

  /**
   * @param ranks - World ranks of the members, by their rank in this communicator.
   * @param boardIndex - Place in shared memory that all members know to be free for it, if there is one.
   */
  constructor(engine: Engine, id: number, ranks: readonly number[], name: string, boardIndex?: number) {
    this.engine = engine;
    this.name = name;
    this.ranks = ranks;
    this.rank = ranks.indexOf(engine.transport.rank);
    this.size = ranks.length;
    this.#id = id;
    this.context = collectiveContext(id);
    const board = boardIndex === undefined ? undefined : engine.transport.board?.(boardIndex, ranks);
    this.#board = board && new OnBoard(engine, board, this.size);
    engine.register(id, this);
    engine.register(this.context, this);
  }

  get statistics(): Statistics {
    return { ...this.engine.statistics, calls: this.#calls };
  }

  get self(): Communicator {
    const { rank } = this.engine.transport;
    return (this.#self ??= new GroupCommunicator(
      this.engine,
      childContext(this.#id, -1, rank),
      [rank],
      "self",
    ));
  }

  // --- point to point -------------------------------------------------------------------------

  send(value: unknown, dest: number, { tag = 0 }: SendOptions = {}): Request {
    this.#count("send");
    try {
      this.#checkRank("send", "dest", dest);
      this.#checkTag("send", tag);
      return this.#send(value, dest, tag);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  recv<A extends TypedArray>(options: RecvOptions & Into<A>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  recv({
    source = ANY_SOURCE,
    tag = ANY_TAG,
    into,
  }: RecvOptions & Partial<Into<TypedArray>> = {}): Request<unknown> {
    this.#count("recv");
    try {
      if (source !== ANY_SOURCE) this.#checkRank("recv", "source", source);
      if (tag !== ANY_TAG) this.#checkTag("recv", tag);
      return this.#recv(source, tag, into);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;
  sendrecv(value: unknown, options: SendRecvOptions & Partial<Into<TypedArray>>): Request<unknown> {
    this.#count("sendrecv");
    const { dest, source = ANY_SOURCE, sendTag = 0, recvTag = ANY_TAG, into } = options;
    try {
      this.#checkRank("sendrecv", "dest", dest);
      if (source !== ANY_SOURCE) this.#checkRank("sendrecv", "source", source);
      this.#checkTag("sendrecv", sendTag);
      if (recvTag !== ANY_TAG) this.#checkTag("sendrecv", recvTag);
      const received = this.#recv(source, recvTag, into);
      const sent = this.#send(value, dest, sendTag);
      return new Task(
        this.engine,
        (async () => {
          await sent;
          return received;
        })(),
      );
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  #send(value: unknown, dest: number, tag: number): Request {
    if (dest === PROC_NULL) return completed(this.engine, undefined);
    const { code, bytes } = pack(value);
    return this.engine.send(
      { dest: this.ranks[dest], context: this.#id, source: this.rank, tag },
      code,
      bytes,
    );
  }

  #recv(source: number, tag: number, into: TypedArray | undefined): Request<unknown> {
    if (source !== PROC_NULL) return this.engine.receive(this.#id, source, tag, into);
    const request = completed<unknown>(this.engine, into);
    request.status = { source: PROC_NULL, tag: ANY_TAG, count: 0, bytes: 0 };
    return request;
  }

  // --- collectives ----------------------------------------------------------------------------

  barrier(): Request {
    const agreement = { name: "barrier" } as const;
    if (this.#board?.takes(this.#sequence))
      return this.#board.barrier(this.#begin(agreement)) as Operation<void>;
    return this.#start(agreement, barrier);
  }

  bcast<A extends TypedArray>(value: A | undefined, options: RootOptions & Into<A>): Request<A>;
  bcast<T>(value: T | undefined, options?: RootOptions): Request<T>;
  bcast(value: unknown, { root = 0, into }: RootOptions & Partial<Into<TypedArray>> = {}): Request<unknown> {
    return this.#start({ name: "bcast", root }, async (call) => {
      const result = await bcast(call, value, root, into);
      if (this.rank === root && into !== undefined && isTypedArray(value)) {
        this.#checkInto("bcast", value, into);
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
      return this.#start({ name: "reduce", root }, (call) => foldReduce(call, value, op, root));
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
    if (typeof op !== "string")
      return this.#start({ name: "allreduce" }, (call) => foldAllreduce(call, value, op));
    if (this.#board?.takes(this.#sequence)) {
      const request = this.#onBoard(this.#board, value, op, into);
      if (request !== undefined) return request;
    }
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
    return this.#start({ name: "gather", root }, (call) => {
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
    return this.#start({ name: "scatter", root }, (call) => {
      if (into !== undefined) {
        const source = this.rank === root && isTypedArray(values) ? values : undefined;
        if (this.rank === root && source === undefined)
          throw new TypeError("scatter: root passes no typed array to scatter into buffers");
        const blocks = source && cut("scatter", options, this.size, source.length);
        return scatterInto(call, root, into, source, blocks).then(() => into);
      }
      const list = this.rank === root ? this.#perRank("scatter", values) : undefined;
      return scatter(call, list, root);
    });
  }

  allgather<A extends TypedArray>(value: A, options: Counts & Into<A>): Request<A>;
  allgather<T>(value: T): Request<T[]>;
  allgather(value: unknown, options: Counts & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { into } = options;
    return this.#start({ name: "allgather" }, (call) => {
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
    return this.#start({ name: "alltoall" }, (call) => {
      if (into === undefined) return alltoall(call, this.#perRank("alltoall", values));
      if (!isTypedArray(values))
        throw new TypeError(`alltoall: into needs a typed array as value, not ${typeof values}`);
      if (
        into.buffer === values.buffer &&
        into.byteOffset < values.byteOffset + values.byteLength &&
        values.byteOffset < into.byteOffset + into.byteLength
      ) {
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
    if (typeof op !== "string")
      return this.#start({ name: "scan" }, async (call) => (await foldScan(call, value, op)).inclusive);
    return this.#reduction("scan", value, op, into, {}, async (call, work, input) => {
      await scan(call, work.array, op);
      return input.result(work.array);
    });
  }

  exscan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A | undefined>;
  exscan<T>(value: T, options?: ReduceOptions<T>): Request<T | undefined>;
  exscan<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = {}): Request<unknown> {
    const { op = "sum", into } = options;
    if (typeof op !== "string")
      return this.#start({ name: "exscan" }, async (call) => (await foldScan(call, value, op)).exclusive);
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
    return this.#start(
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
        this.#checkOp("reduceScatter", op, value);
        const result = into ?? (value.slice(0, own) as A);
        return reduceScatter(call, value.slice(), op, blocks, result).then(() => result);
      },
    );
  }

  split(color: number | undefined, key = this.rank): Request<Communicator | undefined> {
    const generation = ++this.#children;
    return this.#start({ name: "split" }, async (call) => {
      if (color !== undefined && !Number.isSafeInteger(color))
        throw new RangeError(`split: color ${color} on rank ${this.rank} is no integer`);
      const choices = await allgather(call, Float64Array.of(color ?? NaN, key, this.engine.nextBoard));
      const members = (choices as Float64Array[])
        .map(([theirs, order, board], rank) => ({ color: theirs, order, board, rank }))
        .filter((choice) => choice.color === color)
        .sort((a, b) => a.order - b.order || a.rank - b.rank);
      if (color === undefined) return undefined;
      const ranks = members.map(({ rank }) => this.ranks[rank]);
      const board = Math.max(...members.map((member) => member.board)); // free on all members
      this.engine.nextBoard = board + 1;
      const id = childContext(this.#id, generation, color);
      return new GroupCommunicator(this.engine, id, ranks, `${this.name}/${color}`, board);
    });
  }

  dup(): Communicator {
    return new GroupCommunicator(
      this.engine,
      childContext(this.#id, ++this.#children, -1),
      this.ranks,
      `${this.name}'`,
    );
  }

  // --- a call ---------------------------------------------------------------------------------

  /** Judges a message of a collective by what this rank calls under the same number. */
  inspect(message: Message): Error | undefined {
    const call = this.#call(message.tag);
    const error = call?.mismatch(message);
    if (call !== undefined && error !== undefined) this.#fail(call, error);
    return error;
  }

  /** A collective has failed on another rank. */
  remoteFailure(sequence: number, source: number, text: string): void {
    const error = new RemoteError(
      source,
      `${this.name}: collective #${sequence} failed on rank ${source}: ${text}`,
    );
    const call = this.#call(sequence);
    if (call !== undefined) call.abort(error);
    else if (sequence >= this.#sequence) this.#failures.set(sequence, error);
    this.#board?.leave(sequence);
  }

  lost(peer: number): void {
    const rank = this.ranks.indexOf(peer);
    if (rank >= 0) this.#board?.lost(rank);
  }

  audit(): void {
    const board = this.#board?.board;
    if (board === undefined) return;
    for (const call of this.#recent) {
      if (call === undefined) continue;
      for (let rank = 0; rank < this.size && call.state === "running"; rank++) {
        const theirs = rank === this.rank ? undefined : board.noted(call.sequence, rank);
        const error = theirs && call.differs(theirs, rank);
        if (error !== undefined) this.#fail(call, error);
      }
    }
  }

  #call(sequence: number): Call | undefined {
    const call = this.#recent[sequence & (REMEMBERED - 1)];
    return call?.sequence === sequence ? call : undefined;
  }

  /** Numbers a call, and lets other ranks see what it is. */
  #begin(agreement: Agreement): Call {
    this.#count(agreement.name);
    const call = new Call(this, this.#sequence++, agreement);
    this.#recent[call.sequence & (REMEMBERED - 1)] = call;
    this.#board?.board.note(call.sequence, call.signature);
    return call;
  }

  #start<T>(agreement: Agreement, run: (call: Call) => Promise<T>): Request<T> {
    const call = this.#begin(agreement);
    return new Task(this.engine, this.#run(call, agreement, run));
  }

  /**
   * Ends a call on this rank and, through messages, on all others. If it turns out only now that a call which has
   * ended here was another one elsewhere, what is under way ends instead: it cannot come to a good end.
   */
  #fail(call: Call, error: Error): void {
    if (call.state === "failed") return;
    const ends =
      call.state === "running" ? [call] : this.#recent.filter((other) => other?.state === "running");
    if (ends.length === 0) this.#failures.set(this.#sequence, error);
    for (const other of ends) {
      if (other === undefined) continue;
      other.abort(error);
      other.tell(error);
      this.#board?.leave(other.sequence);
    }
  }

  /** A small allreduce without messages; `undefined` if this one needs them. */
  #onBoard(
    board: OnBoard,
    value: unknown,
    op: OpName,
    into: TypedArray | undefined,
  ): Request<unknown> | undefined {
    const input = elementwise(value);
    const { array } = input;
    if (array === undefined || array.byteLength > BOARD_PAYLOAD_BYTES || unsuited(op, array) !== undefined)
      return undefined;
    if (into !== undefined) {
      if (into.constructor !== array.constructor || into.length !== array.length) return undefined;
      copyInto(into, array);
    }
    const call = this.#begin({ name: "allreduce", op, code: codeOf(array), count: array.length });
    return board.allreduce(call, into ?? (value === array ? array.slice() : array), op, input.result);
  }

  async #run<T>(call: Call, { root }: Agreement, run: (call: Call) => Promise<T>): Promise<T> {
    try {
      if (root !== undefined) this.#checkRoot(call, root);
      const told = this.#failures.get(call.sequence);
      if (told !== undefined) {
        this.#failures.delete(call.sequence);
        throw told;
      }
      for (const message of this.engine.arrived(this.context)) {
        const error = message.tag === call.sequence ? call.mismatch(message) : undefined;
        if (error !== undefined) throw error;
      }
      const result = await run(call);
      call.state = "done";
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      this.#fail(call, reason);
      throw reason;
    }
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
    return this.#start({ name, root, op, code: array && codeOf(array), count: array?.length }, (call) => {
      if (array === undefined) {
        throw new TypeError(
          `${name}: "${op}" reduces numbers, bigints, booleans and typed arrays, not ${describe(value)}; pass an op of your own`,
        );
      }
      this.#checkOp(name, op, array);
      if (into === undefined) return run(call, { array: isTypedArray(value) ? array.slice() : array }, input);
      this.#checkInto(name, array, into);
      copyInto(into, array);
      return run(call, { array: into }, input);
    });
  }

  #count(name: string): void {
    this.#calls[name] = (this.#calls[name] ?? 0) + 1;
  }

  #checkRank(where: string, argument: string, rank: number): void {
    if (rank === PROC_NULL || (Number.isInteger(rank) && rank >= 0 && rank < this.size)) return;
    throw new RangeError(
      `${where}: ${argument} ${rank} on rank ${this.rank} is not a rank of "${this.name}", which has ${this.size}`,
    );
  }

  #checkRoot(call: Call, root: number): void {
    if (Number.isInteger(root) && root >= 0 && root < this.size) return;
    const name = call.describe();
    throw new RangeError(
      `${name}: root ${root} on rank ${this.rank} is not a rank of "${this.name}", which has ${this.size}`,
    );
  }

  #checkTag(where: string, tag: number): void {
    if (Number.isInteger(tag) && tag >= 0 && tag <= TAG_UB) return;
    throw new RangeError(`${where}: tag ${tag} on rank ${this.rank} is not an integer from 0 to ${TAG_UB}`);
  }

  #checkOp(where: string, op: OpName, array: TypedArray): void {
    const reason = unsuited(op, array);
    if (reason !== undefined) throw new TypeError(`${where}: ${reason} (rank ${this.rank})`);
  }

  #checkInto(where: string, value: TypedArray, into: TypedArray): void {
    if (into.constructor === value.constructor && into.length === value.length) return;
    throw new RangeError(
      `${where}: value is ${value.constructor.name}(${value.length}) and into is ${into.constructor.name}(${into.length}) on rank ` +
        `${this.rank}; use equal types and lengths`,
    );
  }

  #perRank(where: string, values: unknown): readonly unknown[] {
    if (Array.isArray(values) && values.length === this.size) return values;
    throw new RangeError(
      `${where}: rank ${this.rank} passes ${describe(values)}, not an array of ${this.size} values, one per rank`,
    );
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? "null" : typeof value;
}

function completed<T>(engine: Engine, value: T): Operation<T> {
  const operation = new Operation<T>(engine);
  operation.complete(value);
  return operation;
}

function failed<T>(engine: Engine, error: unknown): Operation<T> {
  const operation = new Operation<T>(engine);
  operation.fail(error instanceof Error ? error : new Error(String(error)));
  return operation;
}
