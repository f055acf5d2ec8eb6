import type { Reductions } from "./api/reductions.js";
import { checkApart, checkInto, checkOp, checkWhole, describe } from "./arguments.js";
import { checkCall, NO_OPTIONS, problemWith } from "./call-options.js";
import { checkChoices, readChoices } from "./collectives/choices.js";
import type { Forced } from "./collectives/algorithms.js";
import { reductionAgreement } from "./collectives/agreements.js";
import { allreduce } from "./collectives/allreduce.js";
import { cut } from "./collectives/blocks.js";
import { copyInto, like, part } from "./collectives/buffers.js";
import type { Call } from "./collectives/call.js";
import type { CollectiveName } from "./collectives/signature.js";
import { isFloats } from "./collectives/exact.js";
import {
  startAllreduce,
  startReduce,
  startReduceScatter,
  startScan,
} from "./collectives/in-memory/start-reductions.js";
import { orderedAllreduce, orderedReduce, orderedScan } from "./collectives/ordered.js";
import { reduceScatter } from "./collectives/reduce-scatter.js";
import { reduce } from "./collectives/reduce.js";
import { exscan, scan } from "./collectives/scan.js";
import { scatterInto } from "./collectives/scatter.js";
import { type Elementwise, elementwise } from "./elementwise.js";
import { env } from "../env.js";
import { isTypedArray } from "./envelope.js";
import { operationOf } from "./operations.js";
import { MessageCalls } from "./message-calls.js";
import { PersistentCollective } from "./persistent-collective.js";
import type { Operation } from "./request.js";
import type {
  CallOptions,
  CommunicatorOptions,
  Into,
  OpName,
  ReduceOptions,
  Request,
  RootOptions,
  TypedArray,
  UserOp,
} from "./types.js";

/** What reductions of all types have in common. */
type Reducing = CallOptions & {
  readonly op?: OpName | { readonly name: string };
  readonly reproducible?: boolean;
};
type Options<T> = ReduceOptions<T> & RootOptions & Partial<Into<TypedArray>>;

let asked: { readonly forced: Forced | undefined } | undefined;

function askedByUser(): Forced | undefined {
  return (asked ??= { forced: readChoices(env.coll, env.collRules) }).forced;
}

/** The reductions of a communicator; see {@link Reductions} for what the methods do. */
export class ReductionCalls extends MessageCalls implements Reductions {
  /** Algorithms that the program has asked for, or else its user. */
  forced: Forced | undefined = askedByUser();

  override configure(options: { algorithms?: Forced } & CommunicatorOptions): void {
    super.configure(options);
    if (!("algorithms" in options)) return;
    const { algorithms } = options;
    if (algorithms !== undefined) checkChoices("configure", algorithms);
    this.forced = algorithms && { ...algorithms };
  }

  reduce<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & RootOptions & Partial<Into<A>>,
  ): Request<A | undefined>;
  reduce<T>(value: T, options?: ReduceOptions<T> & RootOptions): Request<T | undefined>;
  reduce<T>(value: T, options: Options<T> = NO_OPTIONS): Request<unknown> {
    const { root = 0, into } = options;
    const op = operationOf(options.op);
    if (typeof op !== "string")
      return this.#own("reduce", value, op, options, (call) => orderedReduce(call, value, op, root));
    const exact = isExact(value, options);
    const inMemory =
      this.inMemory("reduce", options) &&
      startReduce(this.calls, value, op, root, this.rank === root ? into : undefined, exact);
    if (inMemory) return this.limited(inMemory, options);
    return this.#named("reduce", value, op, options, async (call, work, result) => {
      await reduce(call, work, op, root);
      return this.rank === root ? result(work) : undefined;
    });
  }

  allreduce<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  allreduce<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  allreduce<T>(
    value: T,
    options: ReduceOptions<T> & Partial<Into<TypedArray>> = NO_OPTIONS,
  ): Request<unknown> {
    const { into } = options;
    const op = operationOf(options.op);
    if (typeof op !== "string")
      return this.#own("allreduce", value, op, options, (call) => orderedAllreduce(call, value, op));
    const exact = isExact(value, options);
    const inMemory =
      this.inMemory("allreduce", options) && startAllreduce(this.calls, value, op, into, exact);
    if (inMemory) return this.limited(inMemory, options);
    return this.#named("allreduce", value, op, options, async (call, work, result) => {
      await allreduce(call, work, op);
      return result(work);
    });
  }

  allreduceInit<A extends TypedArray>(buffer: A, options: ReduceOptions<A> = {}): PersistentCollective<A> {
    checkCall(this, "allreduceInit", options);
    const frozen = { ...options, into: buffer };
    const op = operationOf(options.op);
    if (typeof op === "string") this.#checkNamed("allreduceInit", op, buffer, options);
    return new PersistentCollective(this.engine, "allreduceInit", () => this.allreduce(buffer, frozen));
  }

  scan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A>;
  scan<T>(value: T, options?: ReduceOptions<T>): Request<T>;
  scan<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = NO_OPTIONS): Request<unknown> {
    const { into } = options;
    const op = operationOf(options.op);
    if (typeof op !== "string") {
      const run = async (call: Call): Promise<T> => (await orderedScan(call, value, op)).inclusive;
      return this.#own("scan", value, op, options, run);
    }
    const exact = isExact(value, options);
    const inMemory = this.inMemory("scan", options) && startScan(this.calls, value, op, false, into, exact);
    if (inMemory) return this.limited(inMemory, options);
    return this.#named("scan", value, op, options, async (call, work, result) => {
      await scan(call, work, op);
      return result(work);
    });
  }

  exscan<A extends TypedArray>(value: A, options: ReduceOptions<A> & Into<A>): Request<A | undefined>;
  exscan<T>(value: T, options?: ReduceOptions<T>): Request<T | undefined>;
  exscan<T>(value: T, options: ReduceOptions<T> & Partial<Into<TypedArray>> = NO_OPTIONS): Request<unknown> {
    const { into } = options;
    const op = operationOf(options.op);
    if (typeof op !== "string") {
      const run = async (call: Call): Promise<T | undefined> =>
        (await orderedScan(call, value, op)).exclusive;
      return this.#own("exscan", value, op, options, run);
    }
    const exact = isExact(value, options);
    const inMemory = this.inMemory("scan", options) && startScan(this.calls, value, op, true, into, exact);
    if (inMemory) return this.limited(inMemory, options);
    return this.#named("exscan", value, op, { ...options, into: undefined }, async (call, work, result) => {
      if (into !== undefined) checkInto(this, "exscan", isTypedArray(value) ? value : work, into);
      const before = await exscan(call, work, op);
      if (before === undefined || into === undefined) return before && result(before);
      copyInto(into, before);
      return into;
    });
  }

  reduceScatter<A extends TypedArray>(
    value: A,
    options: ReduceOptions<A> & { counts?: ArrayLike<number> } & Partial<Into<A>> = NO_OPTIONS,
  ): Request<A> {
    const { counts, into } = options;
    const op = operationOf(options.op);
    const exact = isExact(value, options);
    const named = typeof op === "string";
    if (named && this.inMemory("reduceScatter", options)) {
      const inMemory = startReduceScatter(this.calls, value, op, this.rank, { counts, into }, exact);
      if (inMemory !== undefined)
        return this.limited(inMemory, options) as Operation<unknown> as Operation<A>;
    }
    const array = isTypedArray(value) ? value : undefined;
    const lengths = counts === undefined ? undefined : Array.from(counts);
    const agreement = reductionAgreement("reduceScatter", op, array, { reproducible: exact });
    // An op of the user's own has its name where the counts would be; root and leaves compare those by themselves.
    const all = lengths ?? Array.from({ length: this.size }, () => value.length / this.size);
    return this.begin(named ? { ...agreement, counts: all } : agreement, options, async (call) => {
      if (array === undefined)
        throw new TypeError(`reduceScatter: reduces a typed array, not ${describe(value)}; pass one`);
      const blocks = cut("reduceScatter", { counts }, this.size, value.length);
      const own = blocks.counts[this.rank];
      const target = this.#place(value, into, own);
      if (named) {
        this.#checkNamed("reduceScatter", op, value, options);
        checkWhole("reduceScatter", op, blocks.counts);
        await reduceScatter(call, value.slice(), op, blocks, target);
      } else {
        const whole = await orderedReduce(call, value, op, 0);
        await scatterInto(call, 0, target, whole, blocks);
      }
      return target;
    });
  }

  /** Whether no algorithm over messages has been asked for, nor what is an error anyway, to be told to all ranks. */
  protected inMemory(name: CollectiveName, options: Reducing): boolean {
    const { reproducible = false, op = "sum" } = options;
    if (options !== NO_OPTIONS && problemWith(this, name, options) !== undefined) return false;
    if (reproducible && !(typeof op === "string" && ORDERLESS.has(op))) return false;
    return this.forced === undefined || this.forced[name] === undefined;
  }

  /** Where a block of the result goes: in place it is the beginning of the buffer. */
  #place<A extends TypedArray>(value: A, into: A | undefined, length: number): A {
    if (into === undefined) return like(value, length);
    if (into === value) return part(into, 0, length);
    if (into.constructor !== value.constructor || into.length !== length) {
      throw new RangeError(
        `reduceScatter: into is ${into.constructor.name}(${into.length}) on rank ${this.rank}, its block ` +
          `${value.constructor.name}(${length}); use equal types and lengths`,
      );
    }
    checkApart(this, "reduceScatter", value, into);
    return into;
  }

  /** A reduction by an op of the user's own; a typed array is one value, and may go `into` another. */
  #own<T>(
    name: "reduce" | "allreduce" | "scan" | "exscan",
    value: T,
    op: UserOp<T>,
    options: Options<T>,
    run: (call: Call) => Promise<T | undefined>,
  ): Request<unknown> {
    const { root, into, reproducible } = options;
    const array = isTypedArray(value) ? value : undefined;
    const agreement = reductionAgreement(name, op, array, name === "reduce" ? { root: root ?? 0 } : {});
    return this.begin(agreement, options, async (call) => {
      if (reproducible) throw new TypeError(`${name}: reproducible is for sums, not for "${op.name}"`);
      if (into !== undefined) {
        if (array === undefined)
          throw new TypeError(`${name}: into needs a typed array as value, not ${describe(value)}`);
        checkInto(this, name, array, into);
      }
      const result = await run(call);
      if (result === undefined || array === undefined) return result;
      if (
        !isTypedArray(result) ||
        result.length !== array.length ||
        result.constructor !== array.constructor
      ) {
        throw new TypeError(
          `${name}: "${op.name}" made ${describe(result)} of arrays of ${array.length}; return a typed array of that length`,
        );
      }
      if (into === undefined) return result;
      copyInto(into, result);
      return into;
    });
  }

  /** A reduction by name: of a typed array, a number, a bigint, a boolean and so on, as a working copy or in `into`. */
  #named<T>(
    name: "reduce" | "allreduce" | "scan" | "exscan",
    value: T,
    op: OpName,
    options: Options<T>,
    run: (call: Call, work: TypedArray, result: Elementwise["result"]) => Promise<unknown>,
  ): Request<unknown> {
    const { array, result } = elementwise(value, op);
    const reproducible = isExact(value, options);
    const root = name === "reduce" ? (options.root ?? 0) : undefined;
    const agreement = reductionAgreement(name, op, array, {
      ...(root === undefined ? {} : { root }),
      reproducible,
    });
    return this.begin(agreement, options, async (call) => {
      if (array === undefined) {
        throw new TypeError(
          `${name}: "${op}" reduces numbers, bigints, booleans and typed arrays, not ${describe(value)}; pass an op of your own`,
        );
      }
      this.#checkNamed(name, op, array, options);
      // Who gets no result needs no place for one.
      const into = root === undefined || root === this.rank ? options.into : undefined;
      if (into === undefined) return run(call, isTypedArray(value) ? array.slice() : array, result);
      checkInto(this, name, array, into);
      copyInto(into, array);
      return run(call, into, result);
    });
  }

  #checkNamed(name: string, op: OpName, array: TypedArray, { reproducible }: Reducing): void {
    checkOp(this, name, op, array);
    if (!reproducible || !isFloats(array) || ORDERLESS.has(op)) return;
    throw new TypeError(`${name}: reproducible is for sums, not for "${op}" (rank ${this.rank})`);
  }
}

/** The same bits in any order, but for "sum", which has an algorithm for that. */
const ORDERLESS: ReadonlySet<OpName> = new Set([
  "sum",
  "min",
  "max",
  "land",
  "lor",
  "lxor",
  "minloc",
  "maxloc",
]);

/** Whether a call asks for what plain algorithms cannot give: a reproducible sum of floating-point numbers. */
function isExact(value: unknown, { op = "sum", reproducible = false }: Reducing): boolean {
  return (
    reproducible && op === "sum" && (typeof value === "number" || (isTypedArray(value) && isFloats(value)))
  );
}
