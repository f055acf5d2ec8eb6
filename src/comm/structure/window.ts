import type {
  AccumulateOptions,
  Element,
  GetOptions,
  TargetOptions,
  Window,
  WindowOp,
} from "../api/windows.js";
import { checkRank } from "../arguments.js";
import type { Members } from "../collectives/call.js";
import { codeOf, nameOf, pack, unpack } from "../envelope.js";
import { completed } from "../request.js";
import { Task } from "../task.js";
import { type Communicator, type Into, PROC_NULL, type Request, type TypedArray } from "../types.js";
import { alike, apply, checkWindowOp, numberOf, opOf, slice, store } from "./access.js";
import { LockQueue } from "./lock-queue.js";
import type { Proposed } from "./proposals.js";
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

/** Larger accesses are made in pieces, so that a target that serves them turns to others in between. */
const PIECE_BYTES = 4 * 2 ** 20;
const EMPTY = pack(new Uint8Array(0));

/** A window on this rank: what it asks of others, and how it serves them; see {@link Window}. */
export class ActiveWindow<A extends TypedArray> extends Service implements Window<A> {
  readonly local: A;
  #lengths: readonly number[] = [];
  #inner: Communicator | undefined;
  readonly #locks = new LockQueue();
  /** Targets whose lock this rank has, or waits for. */
  readonly #locked = new Set<number>();

  constructor(members: Members, context: number, local: A) {
    super(members, context, "window");
    this.local = local;
  }

  /** @param inner - For what the ranks do together. */
  open(lengths: readonly number[], inner: Communicator): void {
    this.#lengths = lengths;
    this.#inner = inner;
  }

  get lengths(): readonly number[] {
    return this.#lengths;
  }

  put(values: A, target: number, { displ = 0 }: TargetOptions = {}): Request {
    return this.#combine("put", values, target, displ, "replace");
  }

  get(target: number, options: GetOptions & Partial<Into<A>> = {}): Request<A> {
    const { displ = 0, into } = options;
    checkRank(this.members, "get", "target", target);
    if (into !== undefined) this.#checkType("get", into);
    if (target === PROC_NULL) return completed(this.engine, into ?? alike(this.local, 0));
    const count = options.count ?? into?.length ?? Math.max(0, this.#lengths[target] - displ);
    if (into !== undefined && into.length !== count)
      throw new RangeError(
        `get: count is ${count} and into has ${into.length} elements on rank ${this.members.rank}; pass one of them`,
      );
    this.#checkRange("get", target, displ, count);
    const result = into ?? alike(this.local, count);
    return this.#pieces(count, result, (from, length) =>
      this.ask(target, Verb.get, displ + from, pack(length), receiver(slice(result, from, length))),
    );
  }

  accumulate(values: A, target: number, { displ = 0, op = "sum" }: AccumulateOptions = {}): Request {
    return this.#combine("accumulate", values, target, displ, op);
  }

  getAccumulate(
    values: A,
    target: number,
    { displ = 0, op = "sum", into }: AccumulateOptions & Partial<Into<A>> = {},
  ): Request<A> {
    this.#check("getAccumulate", values, target, displ, op);
    if (into !== undefined) this.#checkType("getAccumulate", into);
    if (target === PROC_NULL) return completed(this.engine, into ?? alike(this.local, 0));
    if (into !== undefined && into.length !== values.length)
      throw new RangeError(
        `getAccumulate: ${values.length} values and into has ${into.length} elements on rank ${this.members.rank}; use equal lengths`,
      );
    const result = into ?? alike(this.local, values.length);
    return this.#pieces(values.length, result, (from, length) =>
      this.ask(
        target,
        Verb.getAccumulate + numberOf(op),
        displ + from,
        pack(slice(values, from, length)),
        receiver(slice(result, from, length)),
      ),
    );
  }

  fetchAndOp(
    value: Element<A>,
    target: number,
    { displ = 0, op = "sum" }: AccumulateOptions = {},
  ): Request<Element<A> | undefined> {
    const values = this.#elements("fetchAndOp", [value]);
    this.#check("fetchAndOp", values, target, displ, op);
    if (target === PROC_NULL) return completed<Element<A> | undefined>(this.engine, undefined);
    return this.ask(target, Verb.getAccumulate + numberOf(op), displ, pack(values), first<A>);
  }

  compareAndSwap(
    expected: Element<A>,
    value: Element<A>,
    target: number,
    { displ = 0 }: TargetOptions = {},
  ): Request<Element<A> | undefined> {
    const values = this.#elements("compareAndSwap", [expected, value]);
    checkRank(this.members, "compareAndSwap", "target", target);
    if (target === PROC_NULL) return completed<Element<A> | undefined>(this.engine, undefined);
    this.#checkRange("compareAndSwap", target, displ, 1);
    return this.ask(target, Verb.compareAndSwap, displ, pack(values), first<A>);
  }

  fence(): Request {
    const done = this.answered().then(() => this.#opened.barrier());
    return new Task(this.engine, done);
  }

  lock(target: number, kind: "shared" | "exclusive" = "exclusive"): Request {
    checkRank(this.members, "lock", "target", target);
    if (kind !== "shared" && kind !== "exclusive")
      throw new RangeError(`lock: kind "${String(kind)}" is neither "shared" nor "exclusive"`);
    if (target === PROC_NULL) return completed(this.engine, undefined);
    if (this.#locked.has(target))
      throw new RangeError(
        `lock: rank ${this.members.rank} has locked rank ${target} already; unlock it, and await that, before`,
      );
    this.#locked.add(target);
    return this.ask(target, kind === "shared" ? Verb.lockShared : Verb.lockExclusive, 0, EMPTY, ignore);
  }

  unlock(target: number): Request {
    checkRank(this.members, "unlock", "target", target);
    if (target === PROC_NULL) return completed(this.engine, undefined);
    if (!this.#locked.has(target))
      throw new RangeError(`unlock: rank ${this.members.rank} has not locked rank ${target}; lock it before`);
    return new Task(this.engine, this.#unlock(target));
  }

  lockAll(): Request {
    const locks = this.ranks.map((_, target) => this.lock(target, "shared"));
    return new Task(
      this.engine,
      (async () => {
        for (const lock of locks) await lock;
      })(),
    );
  }

  unlockAll(): Request {
    const unlocks = this.ranks.map((_, target) => this.unlock(target));
    return new Task(
      this.engine,
      (async () => {
        for (const unlock of unlocks) await unlock;
      })(),
    );
  }

  flush(target: number): Request {
    checkRank(this.members, "flush", "target", target);
    return new Task(this.engine, this.answered(target));
  }

  flushAll(): Request {
    return new Task(this.engine, this.answered());
  }

  free(): void {
    void this.leave();
    this.#inner?.free();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
  }

  // --- the target -----------------------------------------------------------------------------

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
    if (typeof values === "number") {
      return this.answer(query, pack(slice(this.local, position, values).slice()));
    }
    if (verb === Verb.compareAndSwap) {
      const part = slice(this.local, position, 1);
      this.answer(query, pack(part.slice()));
      if (part[0] === values[0]) part[0] = values[1];
      return;
    }
    const part = slice(this.local, position, values.length);
    const gets = verb >= Verb.getAccumulate;
    this.answer(query, gets ? pack(part.slice()) : EMPTY);
    apply(opOf(verb - (gets ? Verb.getAccumulate : Verb.accumulate)), part, values);
  }

  protected override leaves(rank: number): void {
    this.#locks.forget(rank);
  }

  get #opened(): Communicator {
    if (this.#inner === undefined) throw new Error("window: not open yet");
    return this.#inner;
  }

  async #unlock(target: number): Promise<void> {
    await this.answered(target);
    this.tell(target, Verb.unlock, 0);
    this.#locked.delete(target);
  }

  #combine(where: string, values: A, target: number, displ: number, op: WindowOp): Request {
    this.#check(where, values, target, displ, op);
    if (target === PROC_NULL) return completed(this.engine, undefined);
    return this.#pieces<void>(values.length, undefined, (from, length) =>
      this.ask(
        target,
        Verb.accumulate + numberOf(op),
        displ + from,
        pack(slice(values, from, length)),
        ignore,
      ),
    );
  }

  /** Starts all pieces of an access at once. */
  #pieces<T>(count: number, result: T, start: (from: number, length: number) => Request<T>): Request<T> {
    const most = PIECE_BYTES / this.local.BYTES_PER_ELEMENT;
    if (count === 0) return completed(this.engine, result);
    if (count <= most) return start(0, count);
    const pieces: Request<T>[] = [];
    for (let from = 0; from < count; from += most) pieces.push(start(from, Math.min(most, count - from)));
    return new Task(
      this.engine,
      (async () => {
        for (const piece of pieces) await piece;
        return result;
      })(),
    );
  }

  #elements(where: string, values: readonly Element<A>[]): A {
    const wants = typeof alike(this.local, 1)[0];
    const odd = values.find((value) => typeof value !== wants);
    if (odd !== undefined)
      throw new TypeError(
        `${where}: rank ${this.members.rank} passes a ${typeof odd}, the elements of a ${this.local.constructor.name} are ${wants}s`,
      );
    return alike(this.local, values);
  }

  #check(where: string, values: A, target: number, displ: number, op: WindowOp): void {
    checkRank(this.members, where, "target", target);
    this.#checkType(where, values);
    checkWindowOp(where, op, values, this.members.rank);
    if (target !== PROC_NULL) this.#checkRange(where, target, displ, values.length);
  }

  #checkType(where: string, values: TypedArray): void {
    if (codeOf(values) === codeOf(this.local) && values.constructor === this.local.constructor) return;
    throw new TypeError(
      `${where}: rank ${this.members.rank} passes ${nameOf(codeOf(values))}, the window holds ${nameOf(codeOf(this.local))}; use the same type`,
    );
  }

  #checkRange(where: string, target: number, displ: number, count: number): void {
    const length = this.#lengths[target];
    const counts = [displ, count].every((n) => Number.isSafeInteger(n) && n >= 0);
    if (counts && displ + count <= length) return;
    throw new RangeError(
      `${where}: ${count} elements from ${displ} on are not within the ${length} that rank ${target} has in the window (rank ${this.members.rank})`,
    );
  }
}

const ignore = (): void => undefined;

/** Copies what comes into a part of the result. */
function receiver<A extends TypedArray>(part: A): (code: number, memory: Uint8Array) => A {
  return (code, memory) => {
    store(part, unpack(code, memory) as A);
    return part;
  };
}

function first<A extends TypedArray>(code: number, memory: Uint8Array): Element<A> | undefined {
  return (unpack(code, memory) as A)[0] as Element<A>;
}

/** Checks that all ranks offer the same element type; their first detail. */
export function checkTypes(where: string, all: readonly Proposed[]): void {
  const [first, ...others] = all;
  const odd = others.find(({ details }) => details[0] !== first.details[0]);
  if (odd === undefined) return;
  throw new TypeError(
    `${where}: rank ${first.rank} passes ${nameOf(first.details[0])} and rank ${odd.rank} ${nameOf(odd.details[0])}; use the same type`,
  );
}
