import type {
  AccumulateOptions,
  Element,
  GetOptions,
  TargetOptions,
  Window,
  WindowOp,
} from "../api/windows.js";
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
  PROC_NULL,
  type Request,
  type TypedArray,
} from "../types.js";
import { alike, checkWindowOp, slice, store } from "./access.js";
import { checkRange, checkType, elementsFor } from "./window-arguments.js";
import { WindowService } from "./window-service.js";

/** Larger accesses are made in pieces, so that a target that serves them turns to others in between. */
const PIECE_BYTES = 4 * 2 ** 20;

/** A window on this rank: checks what is asked of it, and cuts what is large; see {@link Window}. */
export class ActiveWindow<A extends TypedArray> implements Window<A> {
  readonly #members: Members;
  readonly #engine: Engine;
  readonly #service: WindowService<A>;
  #lengths: readonly number[] = [];
  #inner: Communicator | undefined;
  /** Targets whose lock this rank has, or waits for. */
  readonly #locked = new Set<number>();
  /** Lets go of what was made for this window alone. */
  onFree: () => void = () => undefined;

  constructor(members: Members, context: number, local: A) {
    this.#members = members;
    this.#engine = members.engine;
    this.#service = new WindowService(members, context, local);
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
    return this.#combine("put", values, target, options, "replace");
  }

  get(target: number, options: GetOptions & Partial<Into<A>> = NO_OPTIONS): Request<A> {
    checkCall(this.#members, "get", options);
    const { displ = 0, into } = options;
    checkRank(this.#members, "get", "target", target);
    if (into !== undefined) checkType(this.#members, "get", this.local, into);
    if (target === PROC_NULL) return this.#done(into ?? alike(this.local, 0));
    const count = options.count ?? into?.length ?? Math.max(0, this.#lengths[target] - displ);
    if (into !== undefined && into.length !== count)
      throw new RangeError(
        `get: count is ${count} and into has ${into.length} elements on rank ${this.#members.rank}; pass one of them`,
      );
    this.#checkRange("get", target, displ, count);
    const result = into ?? alike(this.local, count);
    return this.#pieces(count, result, (from, length) =>
      this.#service.read(target, displ + from, slice(result, from, length), options),
    );
  }

  accumulate(values: A, target: number, options: AccumulateOptions = NO_OPTIONS): Request {
    return this.#combine("accumulate", values, target, options, options.op ?? "sum");
  }

  getAccumulate(
    values: A,
    target: number,
    options: AccumulateOptions & Partial<Into<A>> = NO_OPTIONS,
  ): Request<A> {
    const name = "getAccumulate";
    const { displ = 0, op = "sum", into } = options;
    this.#check(name, values, target, options, op);
    if (into !== undefined) checkType(this.#members, name, this.local, into);
    if (target === PROC_NULL) return this.#done(into ?? alike(this.local, 0));
    if (into !== undefined && into.length !== values.length)
      throw new RangeError(
        `${name}: ${values.length} values and into has ${into.length} elements on rank ${this.#members.rank}; use equal lengths`,
      );
    const result = into ?? alike(this.local, values.length);
    return this.#pieces(values.length, result, (from, length) => {
      const access = { name, op, target, position: displ + from, values: slice(values, from, length) };
      return this.#service.getAndCombine(access, options, (before) => {
        const part = slice(result, from, length);
        store(part, before);
        return part;
      });
    });
  }

  fetchAndOp(
    value: Element<A>,
    target: number,
    options: AccumulateOptions = NO_OPTIONS,
  ): Request<Element<A> | undefined> {
    const name = "fetchAndOp";
    const { displ = 0, op = "sum" } = options;
    const values = this.#elements(name, [value]);
    this.#check(name, values, target, options, op);
    if (target === PROC_NULL) return this.#done<Element<A> | undefined>(undefined);
    return this.#service.getAndCombine({ name, op, target, position: displ, values }, options, first<A>);
  }

  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    options: TargetOptions = NO_OPTIONS,
  ): Request<Element<A> | undefined> {
    const name = "compareAndSwap";
    const { displ = 0 } = options;
    checkCall(this.#members, name, options);
    const values = this.#elements(name, [expected, value]);
    checkRank(this.#members, name, "target", target);
    if (target === PROC_NULL) return this.#done<Element<A> | undefined>(undefined);
    this.#checkRange(name, target, displ, 1);
    return this.#service.compareAndSwap(target, displ, values, options, first<A>);
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
    const { rank } = this.#members;
    checkCall(this.#members, "lock", options);
    checkRank(this.#members, "lock", "target", target);
    if (kind !== "shared" && kind !== "exclusive")
      throw new RangeError(`lock: kind "${String(kind)}" is neither "shared" nor "exclusive"`);
    if (target === PROC_NULL) return this.#done();
    if (this.#locked.has(target))
      throw new RangeError(
        `lock: rank ${rank} has locked rank ${target} already; unlock it, and await that, before`,
      );
    this.#locked.add(target);
    return new Task(this.#engine, this.#lock(target, this.#service.lock(target, kind, options)));
  }

  unlock(target: number, options: CallOptions = NO_OPTIONS): Request {
    const { rank } = this.#members;
    checkCall(this.#members, "unlock", options);
    checkRank(this.#members, "unlock", "target", target);
    if (target === PROC_NULL) return this.#done();
    if (!this.#locked.has(target))
      throw new RangeError(`unlock: rank ${rank} has not locked rank ${target}; lock it before`);
    return this.#wait("unlock", target, options, () => this.#unlock(target));
  }

  lockAll(options: CallOptions = NO_OPTIONS): Request {
    const locks = this.#lengths.map((_, target) => this.lock(target, "shared", options));
    return new Task(this.#engine, this.#lockAll(locks));
  }

  unlockAll(options: CallOptions = NO_OPTIONS): Request {
    const unlocks = this.#lengths.map((_, target) => this.unlock(target, options));
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
      inner.revoke(`fence: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
    if (signal === undefined && timeoutMs === Infinity) return inner.barrier();
    await inner.barrier({ signal, timeoutMs: Math.max(0, timeoutMs - (performance.now() - begun)) });
  }

  async #lock(target: number, granted: Request): Promise<void> {
    try {
      await granted;
    } catch (error) {
      this.#locked.delete(target);
      throw error;
    }
  }

  /** All or none. */
  async #lockAll(locks: readonly Request[]): Promise<void> {
    const outcomes = await Promise.allSettled(locks);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure === undefined) return;
    for (const [target, { status }] of outcomes.entries())
      if (status === "fulfilled") await this.#unlock(target);
    throw failure.reason;
  }

  async #unlock(target: number): Promise<void> {
    await this.#service.answered(target);
    this.#service.unlock(target);
    this.#locked.delete(target);
  }

  /** A wait of this rank alone. */
  #wait(op: string, peer: number, options: CallOptions, wait: () => Promise<void>): Request {
    const { signal, timeoutMs = this.#members.timeoutMs } = options;
    return limitedTask(this.#engine, this.#service.limited(op, peer), { signal, timeoutMs }, wait);
  }

  #combine(
    name: "put" | "accumulate",
    values: A,
    target: number,
    options: TargetOptions,
    op: WindowOp,
  ): Request {
    this.#check(name, values, target, options, op);
    if (target === PROC_NULL) return this.#done();
    const { displ = 0 } = options;
    return this.#pieces<void>(values.length, undefined, (from, length) =>
      this.#service.combine(
        { name, op, target, position: displ + from, values: slice(values, from, length) },
        options,
      ),
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

  #elements(where: string, values: readonly Element<A>[]): A {
    return elementsFor(this.#members, where, this.local, values);
  }

  #check(
    where: "put" | "accumulate" | "getAccumulate" | "fetchAndOp",
    values: A,
    target: number,
    options: TargetOptions,
    op: WindowOp,
  ): void {
    checkCall(this.#members, where, options);
    checkRank(this.#members, where, "target", target);
    checkType(this.#members, where, this.local, values);
    checkWindowOp(where, op, values, this.#members.rank);
    if (target !== PROC_NULL) this.#checkRange(where, target, options.displ ?? 0, values.length);
  }

  #checkRange(where: string, target: number, displ: number, count: number): void {
    checkRange(this.#members, where, this.#lengths[target], target, displ, count);
  }
}

/** The result once all requests are complete. */
async function after<T>(requests: readonly PromiseLike<unknown>[], result: T): Promise<T> {
  for (const request of requests) await request;
  return result;
}

function first<A extends TypedArray>(values: A): Element<A> | undefined {
  return values[0] as Element<A>;
}
