import type { SharedArrayConstructor } from "../api/windows.js";
import type { Members } from "../collectives/call.js";
import type { Engine } from "../engine.js";
import { codeOf, pack, unpack } from "../envelope.js";
import { completed } from "../request.js";
import type { CallOptions, Request, TypedArray } from "../types.js";
import { numberOf, opOf, store } from "./access.js";
import { LockQueue } from "./lock-queue.js";
import { Part } from "./part.js";
import type { Region } from "./region.js";
import type { Access } from "./window-arguments.js";
import { FIRST_VERB, type Query, Service } from "./service.js";

/** What is asked of a target. Accumulations carry the number of their operation besides. */
const Verb = {
  get: FIRST_VERB,
  compareAndSwap: FIRST_VERB + 1,
  lockShared: FIRST_VERB + 2,
  lockExclusive: FIRST_VERB + 3,
  unlock: FIRST_VERB + 4,
  accumulate: 64,
  getAccumulate: 128,
} as const;

/** In place of the number of a region. */
const NOWHERE = -1;

/**
 * The accesses of a window: a rank asks the target, or works on its part directly, where that is on memory which both
 * share. Arguments have been checked.
 */
export class WindowService<A extends TypedArray> extends Service {
  readonly local: A;
  readonly #own: Part<A>;
  /** Parts that this rank works on itself, by target: its own, and those in memory that it shares. */
  #near: readonly (Part<A> | undefined)[] = [];
  readonly #locks = new LockQueue();

  constructor(members: Members, context: number, local: A) {
    super(members, context, "window");
    this.local = local;
    this.#own = new Part(local, regionOf(this.engine, local)?.guardOf(local.byteOffset));
    this.begin();
  }

  /** What others need to know of this rank's part; see `open`. The first two are its type and length. */
  get details(): readonly number[] {
    const { local } = this;
    return [codeOf(local), local.length, regionOf(this.engine, local)?.id ?? NOWHERE, local.byteOffset];
  }

  /** @param details - Of all ranks. */
  open(details: readonly Float64Array[]): void {
    const type = this.local.constructor as SharedArrayConstructor<A>;
    this.#near = details.map(([, length, id, offset], rank) => {
      if (rank === this.members.rank) return this.#own;
      const region = [...this.engine.regions].find((shared) => shared.id === id);
      return region && new Part(region.view(type, { offset, length }), region.guardOf(offset));
    });
  }

  /** What is asked from now on is refused. */
  override leave(): PromiseLike<void> {
    this.#near = [];
    return super.leave();
  }

  read(target: number, position: number, into: A, options: CallOptions): Request<A> {
    const near = this.#near[target];
    if (near !== undefined) return completed(this.engine, near.readInto(position, into));
    const result = received((values: A) => {
      store(into, values);
      return into;
    });
    return this.ask(target, {
      op: "get",
      verb: Verb.get,
      position,
      packed: pack(into.length),
      result,
      options,
    });
  }

  combine(access: Access<A>, options: CallOptions): Request {
    const { name, op, target, position, values } = access;
    const near = this.#near[target];
    if (near !== undefined) return completed(this.engine, near.combine(op, position, values));
    const verb = Verb.accumulate + numberOf(op);
    return this.ask(target, { op: name, verb, position, packed: pack(values), result: ignore, options });
  }

  /** @param result - Makes the result of what was there before. */
  getAndCombine<T>(access: Access<A>, options: CallOptions, result: (before: A) => T): Request<T> {
    const { name, op, target, position, values } = access;
    const near = this.#near[target];
    if (near !== undefined) return completed(this.engine, result(near.getAndCombine(op, position, values)));
    const verb = Verb.getAccumulate + numberOf(op);
    const asking = { op: name, verb, position, packed: pack(values), result: received(result), options };
    return this.ask(target, asking);
  }

  compareAndSwap<T>(
    target: number,
    position: number,
    values: A,
    options: CallOptions,
    result: (before: A) => T,
  ): Request<T> {
    const near = this.#near[target];
    if (near !== undefined) return completed(this.engine, result(near.compareAndSwap(position, values)));
    const [op, verb] = ["compareAndSwap", Verb.compareAndSwap];
    return this.ask(target, { op, verb, position, packed: pack(values), result: received(result), options });
  }

  lock(target: number, kind: "shared" | "exclusive", options: CallOptions): Request {
    const verb = kind === "shared" ? Verb.lockShared : Verb.lockExclusive;
    const late = (): void => this.unlock(target);
    return this.ask(target, { op: "lock", verb, result: ignore, options, late });
  }

  unlock(target: number): void {
    this.tell(target, Verb.unlock, 0);
  }

  protected override serve(query: Query): void {
    const { verb, position, code, memory, source } = query;
    if (verb === Verb.unlock) return this.#locks.release(source);
    if (verb === Verb.lockShared || verb === Verb.lockExclusive) {
      return this.#locks.want({
        source,
        exclusive: verb === Verb.lockExclusive,
        grant: () => this.answer(query),
        refuse: () => this.refuse(query, "freed while its lock was waited for"),
      });
    }
    const values = unpack(code, memory) as A | number;
    if (typeof values === "number") return this.answer(query, pack(this.#own.read(position, values)));
    if (verb === Verb.compareAndSwap)
      return this.answer(query, pack(this.#own.compareAndSwap(position, values)));
    if (verb >= Verb.getAccumulate) {
      const op = opOf(verb - Verb.getAccumulate);
      return this.answer(query, pack(this.#own.getAndCombine(op, position, values)));
    }
    this.#own.combine(opOf(verb - Verb.accumulate), position, values);
    this.answer(query);
  }

  protected override leaves(rank: number): void {
    this.#locks.forget(rank);
  }
}

const ignore = (): void => undefined;

/** The memory that an array is on, if this rank shares it with others. */
function regionOf({ regions }: Engine, array: TypedArray): Region | undefined {
  return [...regions].find((region) => region.holds(array));
}

/** What an answer holds. */
function received<A extends TypedArray, T>(use: (values: A) => T): (code: number, memory: Uint8Array) => T {
  return (code, memory) => use(unpack(code, memory) as A);
}
