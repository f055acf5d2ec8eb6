import type { Engine } from "../engine.js";
import type { Packed } from "../envelope.js";
import { CollectiveMismatchError, RemoteError, RevokedError } from "../errors.js";
import type { Message, Signature } from "../matching.js";
import type { Receive } from "../receive.js";
import { Operation } from "../request.js";
import type { HostBoard } from "./host-board.js";
import type { NativeCalls } from "./native.js";
import type { TypedArray } from "../types.js";
import type { Forced } from "./algorithms.js";
import { describeSignature, isReproducible } from "./signature.js";

/** First characters of what ranks tell each other of a failed call, where it is not a plain message. */
export const VERDICT = "\u0001!";
export const QUESTION = "\u0001?";
export const ANSWER = "\u0001=";

/** What collectives know of a communicator. */
export interface Members {
  readonly engine: Engine;
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  /** Context of the user's messages, and of collective ones. */
  readonly id: number;
  readonly context: number;
  /** World ranks, by rank. */
  readonly ranks: readonly number[];
  /** Algorithms that the program has asked for. */
  readonly forced?: Forced | undefined;
  /** Of calls that give none. */
  readonly timeoutMs: number;
  /** Collectives of the transport's own. */
  readonly native?: NativeCalls | undefined;
}

/**
 * One call of a collective on this rank: its messages are tagged with the call's sequence number and carry its
 * signature, 12 bytes of their envelope, so that ranks whose calls differ find out by whatever message passes first.
 * A failure on one rank is told to all others: each of them rejects, and none is left waiting.
 */
export class Call {
  readonly members: Members;
  readonly rank: number;
  readonly size: number;
  readonly sequence: number;
  readonly signature: Signature;
  /** All ranks leave it to the transport, which cannot withdraw it; see native.ts. */
  isNative = false;
  /** How it goes on this rank. */
  state: "running" | "done" | "failed" = "running";
  /** Set while ranks find out what to say of a mismatch: the error to end with, and where this call is awaited. */
  verdict: Operation<Error> | undefined;
  place: Promise<string> | undefined;
  #tellPlace: ((place: string) => void) | undefined;
  /** The wait of a call that needs no messages. */
  onBoard: Operation<unknown> | undefined;
  /** Memory that the ranks of this host share, if others are on other hosts. */
  hostBoard: HostBoard | undefined;
  #receives: Receive[] | undefined;
  #sends: Operation<void>[] | undefined;
  #error: Error | undefined;

  constructor(members: Members, sequence: number, signature: Signature) {
    this.members = members;
    this.rank = members.rank;
    this.size = members.size;
    this.sequence = sequence;
    this.signature = signature;
  }

  get running(): boolean {
    return this.state === "running";
  }

  /** Whether sums of floating-point numbers are to be exact. */
  get reproducible(): boolean {
    return isReproducible(this.signature);
  }

  send(packed: Packed, dest: number): Operation<void> {
    const { engine, context, rank, ranks } = this.members;
    const operation = engine.send(
      { dest: ranks[dest], context, source: rank, tag: this.sequence },
      packed.code,
      packed.bytes,
      this.signature,
    );
    if (!operation.settled) this.enlist(operation);
    else if (this.#error !== undefined) engine.observed(operation);
    return operation;
  }

  /** Has a part of the call end when the call does. */
  enlist(operation: Operation<void>): void {
    (this.#sends ??= []).push(operation);
    if (this.#error !== undefined) this.#withdraw(this.#error);
  }

  /** Receives the next message of this call from `source`; raw, so that it can be passed on. */
  receive(source: number, into?: TypedArray): Operation<unknown> {
    const { engine, context } = this.members;
    const receive = engine.receive(context, source, this.sequence, into);
    if (this.#error !== undefined) {
      engine.cancel(context, receive, this.#error);
      engine.observed(receive); // an algorithm may end before it awaits this
    }
    (this.#receives ??= []).push(receive);
    return receive;
  }

  /** Ends the call with an error on this rank; every wait of it rejects. */
  abort(error: Error): void {
    if (this.verdict !== undefined) return this.verdict.complete(error);
    if (this.state === "running") this.state = "failed";
    this.#withdraw(error);
    this.onBoard?.fail(error);
  }

  /**
   * The call has come to no good, but what is to be said of it is not yet known: its receives are withdrawn, so that an
   * algorithm that waits for them ends, and says where it is awaited.
   *
   * @returns Where that is.
   */
  suspend(error: Error): Promise<string> {
    if (this.place !== undefined) return this.place;
    this.state = "failed";
    this.verdict = new Operation<Error>(this.members.engine);
    this.place = new Promise((tell) => (this.#tellPlace = tell));
    if (this.onBoard !== undefined) void this.#endOnBoard(this.onBoard, this.verdict);
    this.#withdraw(error);
    return this.place;
  }

  /** Where in the user's program somebody waits for it; empty if nobody does. */
  async where(): Promise<string> {
    const parts = this.onBoard ? [this.onBoard] : [...(this.#receives ?? []), ...(this.#sends ?? [])];
    const waiting = parts.filter(({ settled }) => !settled);
    const places = await Promise.all(waiting.map((part) => part.where()));
    return places.find((place) => place !== "") ?? "";
  }

  /** An algorithm that was suspended says where it is awaited. */
  isAwaitedAt(place: string): void {
    this.#tellPlace?.(place);
  }

  async #endOnBoard(onBoard: Operation<unknown>, verdict: Operation<Error>): Promise<void> {
    this.isAwaitedAt(await onBoard.where());
    onBoard.fail(await verdict);
  }

  #withdraw(error: Error): void {
    const reason = (this.#error ??= error);
    const { engine, context } = this.members;
    for (const receive of this.#receives ?? []) {
      engine.cancel(context, receive, reason);
      engine.observed(receive);
    }
    for (const send of this.#sends ?? []) {
      send.fail(reason);
      engine.observed(send);
    }
    this.#receives = this.#sends = undefined;
  }

  /** Tells every other rank that this call failed here. */
  tell(error: Error): void {
    if (error instanceof RemoteError || error instanceof RevokedError) return;
    const text =
      error instanceof CollectiveMismatchError ? VERDICT + JSON.stringify(error.mismatch) : error.message;
    for (let peer = 0; peer < this.size; peer++) if (peer !== this.rank) this.notify(peer, text);
  }

  /** Tells one rank something about this call; see Calls.remoteFailure. */
  notify(peer: number, text: string): void {
    const { engine, context, rank, ranks } = this.members;
    engine.sendFailure({ dest: ranks[peer], context, source: rank, tag: this.sequence }, text);
  }

  /** As in `allreduce(sum, float64 × 3)`. */
  describe(): string {
    return describeSignature(this.signature);
  }

  /** What is wrong with a message of this call, if its sender called something else. */
  mismatch(message: Message): CollectiveMismatchError | undefined {
    return this.differs(message.signature, message.source);
  }

  /** The same of any rank's signature under this number. */
  differs({ kind, root, count }: Signature, rank: number): CollectiveMismatchError | undefined {
    const mine = this.signature;
    if (kind === mine.kind && root === mine.root && count === mine.count) return undefined;
    const [here, there] = [describeSignature(mine), describeSignature({ kind, root, count })];
    const first = this.rank < rank;
    return new CollectiveMismatchError({
      where: `${this.members.name}: collective #${this.sequence}`,
      ranks: first ? [this.rank, rank] : [rank, this.rank],
      calls: first ? [here, there] : [there, here],
      sites: ["", ""],
    });
  }
}
