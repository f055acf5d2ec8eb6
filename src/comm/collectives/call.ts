import type { Engine } from "../engine.js";
import { nameOf, type Packed } from "../envelope.js";
import { CollectiveMismatchError, RemoteError, RevokedError } from "../errors.js";
import type { Message, Receive, Signature } from "../matching.js";
import { OPERATION_NAMES } from "../operations.js";
import { Operation } from "../request.js";
import type { HostBoard } from "./host-board.js";
import type { NativeCalls } from "./native.js";
import type { OpName, TypedArray } from "../types.js";
import type { Forced, Rule } from "./algorithms.js";

/** First characters of what ranks tell each other of a failed call, where it is not a plain message. */
export const VERDICT = "\u0001!";
export const QUESTION = "\u0001?";
export const ANSWER = "\u0001=";

export const COLLECTIVES = [
  "none",
  "barrier",
  "bcast",
  "reduce",
  "allreduce",
  "gather",
  "scatter",
  "allgather",
  "alltoall",
  "scan",
  "exscan",
  "reduceScatter",
  "split",
  "neighborAllgather",
  "neighborAlltoall",
  "create",
  "cart",
  "graph",
  "counter",
  "mutex",
  "sequential",
  "createWindow",
  "allocateShared",
  "syncedTime",
] as const;
export type CollectiveName = (typeof COLLECTIVES)[number];

/** The arguments that every rank must agree on; what an operation lets differ is left out. */
export interface Agreement {
  readonly name: CollectiveName;
  readonly root?: number;
  /** A named reduction. */
  readonly op?: OpName;
  /** Name of a reduction of the user's own. */
  readonly own?: string;
  /** Wire code of the element type. */
  readonly code?: number;
  readonly count?: number;
  /** Lengths of all blocks, where every rank gives them. */
  readonly counts?: readonly number[];
  readonly reproducible?: boolean;
}

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

/** Programs call the same few collectives again and again: the latest signature is mostly the next one. */
let latest: Signed | undefined;

interface Signed {
  readonly agreement: Agreement;
  readonly forced: Forced | undefined;
  readonly signature: Signature;
}

/** The arguments that ranks agree on, as they travel. */
export function sign(agreement: Agreement, forced?: Forced): Signature {
  if (latest !== undefined && latest.forced === forced && same(latest.agreement, agreement))
    return latest.signature;
  const { name, op, own, code = -1, count = -1, counts, reproducible = false } = agreement;
  const operation = own !== undefined ? OWN : op === undefined ? 0 : OPERATION_NAMES.indexOf(op) + 1;
  // Of an algorithm that was asked for, what matters is whether it is the same one.
  const asked = forced?.[name];
  const algorithm = asked === undefined ? 0 : 1 + (hash([...keyOf(asked)].map((c) => c.charCodeAt(0))) % 62);
  const kind =
    COLLECTIVES.indexOf(name) |
    (operation << 8) |
    ((code + 1) << 16) |
    (algorithm << 24) |
    (reproducible ? REPRODUCIBLE : 0);
  // Where there is no root, its place tells what else must agree.
  const details = counts ?? (own === undefined ? undefined : [...own].map((c) => c.charCodeAt(0)));
  const root = agreement.root ?? (details === undefined ? -1 : -2 - hash(details));
  latest = { agreement, forced, signature: { kind, root, count: count | 0 } };
  return latest.signature;
}

function keyOf(asked: string | readonly Rule[]): string {
  return typeof asked === "string" ? asked : JSON.stringify(asked);
}

export function isReproducible({ kind }: Signature): boolean {
  return (kind & REPRODUCIBLE) !== 0;
}

/** A bit of a signature. */
const REPRODUCIBLE = 1 << 30;
/** Place of the user's own reductions among the operations. */
const OWN = 255;

/** FNV-1a, of 30 bits. */
function hash(numbers: readonly number[]): number {
  let h = 0x811c9dc5;
  for (const n of numbers) h = Math.imul(h ^ n ^ Math.floor(n / 2 ** 32), 0x01000193);
  return h & 0x3fffffff;
}

function same(a: Agreement, b: Agreement): boolean {
  return (
    a.name === b.name &&
    a.op === b.op &&
    a.code === b.code &&
    a.count === b.count &&
    a.root === b.root &&
    a.own === b.own &&
    a.counts === b.counts &&
    a.reproducible === b.reproducible
  );
}

/** As in `allreduce(sum, float64 × 3)`. */
export function describeSignature({ kind, root, count }: Signature): string {
  const op = (kind >> 8) & 0xff;
  const code = (kind >> 16) & 0xff;
  const details = [
    ...(root >= 0 ? [`root ${root}`] : []),
    ...(op === OWN ? ["an op of its own"] : op > 0 ? [OPERATION_NAMES[op - 1]] : []),
    ...(code > 0 ? [`${nameOf(code - 1)}${count >= 0 ? ` × ${count}` : ""}`] : []),
    ...(root < -1 ? [`${op === OWN ? "op" : "counts"} #${(-2 - root).toString(36)}`] : []),
    ...(kind & REPRODUCIBLE ? ["reproducible"] : []),
    ...((kind >> 24) & 0x3f ? ["by an algorithm asked for"] : []),
  ];
  return `${COLLECTIVES[kind & 0xff] ?? "unknown"}(${details.join(", ")})`;
}
