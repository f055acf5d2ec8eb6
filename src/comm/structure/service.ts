import type { Members } from "../collectives/call.js";
import { pack, type Packed, unpack } from "../envelope.js";
import { MpiError, PeerLostError, RemoteError } from "../errors.js";
import type { Engine } from "../engine.js";
import type { Group, Offered } from "../group.js";
import type { Message } from "../matching.js";
import type { Limited } from "../limit.js";
import { failed, Operation } from "../request.js";
import { ANY_TAG, type CallOptions } from "../types.js";
import { messageOf } from "../../thrown.js";

/** Verbs of every service; those of its own begin at {@link FIRST_VERB}. */
const Verb = { answer: 1, refusal: 2, leave: 3 } as const;
export const FIRST_VERB = 16;

/** A request of another rank, or of this one. */
export interface Query {
  /** Rank in the communicator. */
  readonly source: number;
  readonly id: number;
  readonly verb: number;
  /** A number that goes with the verb. */
  readonly position: number;
  readonly code: number;
  readonly memory: Uint8Array;
}

/** What is asked of a member, and of its answer. */
export interface Asking<T> {
  /** As in errors: `lock`. */
  readonly op: string;
  readonly verb: number;
  readonly position?: number;
  readonly packed?: Packed;
  readonly result: (code: number, memory: Uint8Array) => T;
  /** What may end the wait for the answer early. */
  readonly options?: CallOptions;
  /** Gives back what is granted after that. */
  readonly late?: () => void;
}

interface Pending {
  readonly dest: number;
  readonly operation: Answer<unknown>;
}

const EMPTY = pack(new Uint8Array(0));

/**
 * What ranks ask of each other without the other one calling anything: counters, mutexes and windows build on it. A
 * request is an active message; the engine of the rank that gets it answers while it moves messages: whenever its
 * program awaits something or lets the event loop turn.
 *
 * Leaving is local. A rank that has left, or whose program has ended, goes on answering until all others have.
 */
export abstract class Service implements Group, Offered {
  readonly ranks: readonly number[];
  protected readonly members: Members;
  protected readonly engine: Engine;
  readonly #context: number;
  readonly #what: string;
  readonly #pending = new Map<number, Pending>();
  /** Members that ask nothing any more. */
  readonly #gone = new Set<number>();
  readonly #closed: Operation<void>;
  #left = false;
  #nextId = 1;

  /** @param what - As in errors: `counter`. */
  constructor(members: Members, context: number, what: string) {
    this.members = members;
    this.engine = members.engine;
    this.ranks = members.ranks;
    this.#context = context;
    this.#what = what;
    this.#closed = new Operation<void>(this.engine);
  }

  /** From now on others are answered; what they have said already comes at once. The last thing that a constructor does. */
  protected begin(): void {
    this.engine.register(this.#context, this);
    this.engine.offer(this);
    for (const peer of this.engine.lostPeers.keys()) this.lost(peer);
  }

  /** Answers a request, now or later, with `answer` or `refuse`; what it throws is a refusal. */
  protected abstract serve(query: Query): void;
  /** A member asks nothing any more, nor holds anything. */
  protected abstract leaves(rank: number): void;

  /** Asks a member, which may be this rank. */
  protected ask<T>(dest: number, asking: Asking<T>): Operation<T> {
    if (this.#left)
      throw new MpiError("FREED", `${this.#what} of "${this.members.name}" has been freed; ask it before`);
    const { op, verb, position = 0, packed = EMPTY } = asking;
    const { signal, timeoutMs = this.members.timeoutMs } = asking.options ?? {};
    if (signal?.aborted) return failed(this.engine, signal.reason);
    const lost = this.#lossOf(dest);
    if (lost !== undefined) return failed(this.engine, lost);
    const operation = new Answer<T>(this.engine, asking);
    const id = this.#nextId++;
    this.#pending.set(id, { dest, operation });
    this.#post(dest, id, verb, position, packed);
    if (signal !== undefined || timeoutMs < Infinity)
      this.engine.limit(operation, this.limited(op, dest), { signal, timeoutMs }, (reason) =>
        operation.giveUp(reason),
      );
    return operation;
  }

  /** A call, for the error of its limit. */
  limited(op: string, peer: number): Limited {
    const { name, rank } = this.members;
    return { op, comm: name, rank, peer, tag: ANY_TAG };
  }

  /** Tells a member something that needs no answer. */
  protected tell(dest: number, verb: number, position: number): void {
    this.#post(dest, 0, verb, position, EMPTY);
  }

  protected answer({ source, id }: Query, packed = EMPTY): void {
    this.#post(source, id, Verb.answer, 0, packed);
  }

  protected refuse({ source, id }: Query, reason: string): void {
    this.#post(source, id, Verb.refusal, 0, pack(reason));
  }

  /**
   * Resolves when every request so far to this member, or to all, has been answered, also where nobody waits for the
   * answer any more; but for those that something is to be granted to.
   */
  async answered(dest?: number): Promise<void> {
    for (const { operation, dest: asked } of [...this.#pending.values()])
      if ((dest === undefined || asked === dest) && !operation.grants) await operation.answered();
  }

  // --- Offered --------------------------------------------------------------------------------

  leave(): PromiseLike<void> {
    if (!this.#left) {
      this.#left = true;
      this.ranks.forEach((_, rank) => {
        if (rank !== this.members.rank) this.tell(rank, Verb.leave, 0);
      });
      this.#departs(this.members.rank);
    }
    return this.#closed;
  }

  // --- Group ----------------------------------------------------------------------------------

  active({ code, source, tag, signature }: Message, memory: Uint8Array): void {
    if (signature.kind === Verb.leave) return this.#departs(source);
    if (signature.kind < FIRST_VERB) return this.#settle(tag, signature.kind, code, memory);
    const position = (signature.root >>> 0) + signature.count * 2 ** 32;
    const query = { source, id: tag, verb: signature.kind, position, code, memory };
    try {
      this.serve(query);
    } catch (error) {
      this.refuse(query, messageOf(error));
    }
  }

  lost(peer: number): void {
    const rank = this.ranks.indexOf(peer);
    if (rank < 0) return;
    const loss = this.#lossOf(rank);
    for (const [id, { dest, operation }] of this.#pending) {
      if (dest !== rank || loss === undefined) continue;
      this.#pending.delete(id);
      operation.refuse(loss);
    }
    this.#departs(rank);
  }

  #settle(id: number, verb: number, code: number, memory: Uint8Array): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    const { dest, operation } = pending;
    if (verb === Verb.refusal)
      operation.refuse(new RemoteError(dest, `${this.#what}: ${String(unpack(code, memory))}`));
    else operation.deliver(code, memory);
    this.#closeIfDone();
  }

  #departs(rank: number): void {
    if (this.#gone.has(rank)) return;
    this.#gone.add(rank);
    this.leaves(rank);
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#gone.size < this.ranks.length || this.#pending.size > 0) return;
    this.engine.unregister(this.#context);
    this.engine.withdraw(this);
    this.#closed.complete();
  }

  #post(dest: number, id: number, verb: number, position: number, { code, bytes }: Packed): void {
    if (this.#lossOf(dest) !== undefined) return;
    this.engine.post(
      { dest: this.ranks[dest], context: this.#context, source: this.members.rank, tag: id },
      code,
      bytes,
      { kind: verb, root: position | 0, count: Math.floor(position / 2 ** 32) },
    );
  }

  /** Why a member answers no more. One whose program has ended does. */
  #lossOf(rank: number): PeerLostError | undefined {
    const peer = this.ranks[rank];
    const cause = this.engine.lostPeers.get(peer);
    if (cause === undefined || this.engine.endedPeers.has(peer)) return undefined;
    return new PeerLostError(peer, `${this.#what}: rank ${peer} answers no more: ${cause.message}`, {
      cause,
    });
  }
}

/** A request to a member. */
class Answer<T> extends Operation<T> {
  readonly #engine: Engine;
  readonly #asking: Asking<T>;
  /** The answer has come, or will not. */
  #isOver = false;
  /** The wait for the answer ended before. */
  #isGivenUp = false;
  /** Set where somebody wants to know of the answer all the same. */
  #over: Operation<void> | undefined;

  constructor(engine: Engine, asking: Asking<T>) {
    super(engine);
    this.#engine = engine;
    this.#asking = asking;
  }

  get grants(): boolean {
    return this.#asking.late !== undefined;
  }

  /** Resolves with the answer, and fails as the request does unless that was given up. */
  answered(): PromiseLike<unknown> {
    if (!this.#isGivenUp) return this;
    if (this.#isOver) return NOTHING_LEFT;
    return (this.#over ??= new Operation(this.#engine));
  }

  deliver(code: number, memory: Uint8Array): void {
    this.#isOver = true;
    if (this.#isGivenUp) this.#asking.late?.();
    else this.complete(this.#asking.result(code, memory));
    this.#over?.complete();
  }

  /** There is no answer. */
  refuse(reason: Error): void {
    this.#isOver = true;
    this.fail(reason);
    this.#over?.complete();
  }

  /** Nobody waits for the answer any more. */
  giveUp(reason: unknown): void {
    this.#isGivenUp = true;
    this.fail(reason);
  }
}

const NOTHING_LEFT = Promise.resolve();
