import type { AccumulateOptions, Element, GetOptions, TargetOptions, Window } from "../api/windows.js";
import { checkRank } from "../arguments.js";
import { checkCall, NO_OPTIONS } from "../call-options.js";
import type { Members } from "../collectives/call.js";
import type { Engine } from "../engine.js";
import { completed } from "../request.js";
import { limitedTask, Task } from "../task.js";
import {
  ANY_SOURCE,
  type CallOptions,
  type Communicator,
  type Into,
  type Request,
  type TypedArray,
} from "../types.js";
import { firstOf, slice, store } from "./access.js";
import { type Access, WindowArguments } from "./window-arguments.js";
import { WindowLocks } from "./window-locks.js";
import { WindowService } from "./window-service.js";
import { messageOf } from "../../thrown.js";

/** Larger accesses are made in pieces, so that a target that serves them turns to others in between. */
const PIECE_BYTES = 4 * 2 ** 20;

/** A window on this rank: checks what is asked of it, and cuts what is large; see {@link Window}. */
export class ActiveWindow<A extends TypedArray> implements Window<A> {
  readonly #members: Members;
  readonly #engine: Engine;
  readonly #service: WindowService<A>;
  #lengths: readonly number[] = [];
  #checked: WindowArguments<A>;
  #inner: Communicator | undefined;
  readonly #locks: WindowLocks;
  /** Lets go of what was made for this window alone. */
  onFree: () => void = () => undefined;

  constructor(members: Members, context: number, local: A) {
    this.#members = members;
    this.#engine = members.engine;
    this.#service = new WindowService(members, context, local);
    this.#checked = new WindowArguments(members, local, []);
    this.#locks = new WindowLocks(members, this.#service, (...wait) => this.#wait(...wait));
  }

  /** What the other ranks need to know; see `open`. */
  get details(): readonly number[] {
    return this.#service.details;
  }

  /**
   * @param details - Of all ranks.
   * @param inner - For what the ranks do together.
   */
  open(details: readonly Float64Array[], inner: Communicator): void {
    this.#lengths = details.map(([, length]) => length);
    this.#checked = new WindowArguments(this.#members, this.local, this.#lengths);
    this.#service.open(details);
    this.#inner = inner;
  }

  get local(): A {
    return this.#service.local;
  }

  get lengths(): readonly number[] {
    return this.#lengths;
  }

  put(values: A, target: number, options: TargetOptions = NO_OPTIONS): Request {
    checkCall(this.#members, "put", options);
    return this.#combine(this.#checked.access("put", values, target, options, "replace"), options);
  }

  get(target: number, options: GetOptions & Partial<Into<A>> = NO_OPTIONS): Request<A> {
    checkCall(this.#members, "get", options);
    const reading = this.#checked.reading(target, options);
    if (reading === undefined) return this.#done(this.#checked.nothing(options.into));
    const { position, into } = reading;
    return this.#pieces(into.length, into, (from, length) =>
      this.#service.read(target, position + from, slice(into, from, length), options),
    );
  }

  accumulate(values: A, target: number, options: AccumulateOptions = NO_OPTIONS): Request {
    checkCall(this.#members, "accumulate", options);
    const { op = "sum" } = options;
    return this.#combine(this.#checked.access("accumulate", values, target, options, op), options);
  }

  getAccumulate(
    values: A,
    target: number,
    options: AccumulateOptions & Partial<Into<A>> = NO_OPTIONS,
  ): Request<A> {
    const name = "getAccumulate";
    checkCall(this.#members, name, options);
    const access = this.#checked.access(name, values, target, options, options.op ?? "sum");
    const result = this.#checked.before(name, options.into, access);
    if (access === undefined) return this.#done(result);
    return this.#pieces(values.length, result, (from, length) =>
      this.#service.getAndCombine(pieceOf(access, from, length), options, (before) => {
        const part = slice(result, from, length);
        store(part, before);
        return part;
      }),
    );
  }

  fetchAndOp(
    value: Element<A>,
    target: number,
    options: AccumulateOptions = NO_OPTIONS,
  ): Request<Element<A> | undefined> {
    checkCall(this.#members, "fetchAndOp", options);
    const access = this.#checked.one("fetchAndOp", value, target, options, options.op ?? "sum");
    if (access === undefined) return this.#done<Element<A> | undefined>(undefined);
    return this.#service.getAndCombine(access, options, firstOf<A>);
  }

  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    options: TargetOptions = NO_OPTIONS,
  ): Request<Element<A> | undefined> {
    checkCall(this.#members, "compareAndSwap", options);
    const access = this.#checked.swap(expected, value, target, options);
    if (access === undefined) return this.#done<Element<A> | undefined>(undefined);
    return this.#service.compareAndSwap(target, access.position, access.values, options, firstOf<A>);
  }

  fence(options: CallOptions = NO_OPTIONS): Request {
    checkCall(this.#members, "fence", options);
    return new Task(this.#engine, this.#fence(options));
  }

  lock(
    target: number,
    kind: "shared" | "exclusive" = "exclusive",
    options: CallOptions = NO_OPTIONS,
  ): Request {
    return this.#locks.lock(target, kind, options);
  }

  unlock(target: number, options: CallOptions = NO_OPTIONS): Request {
    return this.#locks.unlock(target, options);
  }

  lockAll(options: CallOptions = NO_OPTIONS): Request {
    return this.#locks.lockAll([...this.lengths.keys()], options);
  }

  unlockAll(options: CallOptions = NO_OPTIONS): Request {
    const unlocks = this.lengths.map((_, target) => this.unlock(target, options));
    return new Task(this.#engine, after(unlocks, undefined));
  }

  flush(target: number, options: CallOptions = NO_OPTIONS): Request {
    checkCall(this.#members, "flush", options);
    checkRank(this.#members, "flush", "target", target);
    return this.#wait("flush", target, options, () => this.#service.answered(target));
  }

  flushAll(options: CallOptions = NO_OPTIONS): Request {
    checkCall(this.#members, "flushAll", options);
    return this.#wait("flushAll", ANY_SOURCE, options, () => this.#service.answered());
  }

  free(): void {
    void this.#service.leave();
    this.#inner?.free();
    this.onFree();
    this.onFree = () => undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
  }

  // --------------------------------------------------------------------------------------------

  /** What one rank does not come to, no rank does: the window has no fence any more. */
  async #fence(options: CallOptions): Promise<void> {
    const { signal, timeoutMs = this.#members.timeoutMs } = options;
    const inner = this.#inner;
    if (inner === undefined) throw new Error("window: not open yet");
    const begun = performance.now();
    try {
      await this.#wait("fence", ANY_SOURCE, options, () => this.#service.answered());
    } catch (error) {
      inner.revoke(`fence: ${messageOf(error)}`);
      throw error;
    }
    if (signal === undefined && timeoutMs === Infinity) return inner.barrier();
    await inner.barrier({ signal, timeoutMs: Math.max(0, timeoutMs - (performance.now() - begun)) });
  }

  /** A wait of this rank alone. */
  #wait(op: string, peer: number, options: CallOptions, wait: () => Promise<void>): Request {
    const { signal, timeoutMs = this.#members.timeoutMs } = options;
    return limitedTask(this.#engine, this.#service.limited(op, peer), { signal, timeoutMs }, wait);
  }

  #combine(access: Access<A> | undefined, options: CallOptions): Request {
    if (access === undefined) return this.#done();
    return this.#pieces<void>(access.values.length, undefined, (from, length) =>
      this.#service.combine(pieceOf(access, from, length), options),
    );
  }

  /** Starts all pieces of an access at once. */
  #pieces<T>(count: number, result: T, start: (from: number, length: number) => Request<T>): Request<T> {
    const most = PIECE_BYTES / this.local.BYTES_PER_ELEMENT;
    if (count === 0) return this.#done(result);
    if (count <= most) return start(0, count);
    const pieces: Request<T>[] = [];
    for (let from = 0; from < count; from += most) pieces.push(start(from, Math.min(most, count - from)));
    return new Task(this.#engine, after(pieces, result));
  }

  #done(): Request;
  #done<T>(result: T): Request<T>;
  #done(result?: unknown): Request<unknown> {
    return completed(this.#engine, result);
  }
}

/** The result once all requests are complete. */
async function after<T>(requests: readonly PromiseLike<unknown>[], result: T): Promise<T> {
  for (const request of requests) await request;
  return result;
}

function pieceOf<A extends TypedArray>(access: Access<A>, from: number, length: number): Access<A> {
  return { ...access, position: access.position + from, values: slice(access.values, from, length) };
}
