import type { Engine } from "../engine.js";
import { nameOf, type Packed } from "../envelope.js";
import { CollectiveMismatchError, RemoteError } from "../errors.js";
import type { Message, Receive, Signature } from "../matching.js";
import { OPERATION_NAMES } from "../operations.js";
import type { Operation } from "../request.js";
import type { OpName, TypedArray } from "../types.js";

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
] as const;
export type CollectiveName = (typeof COLLECTIVES)[number];

/** The arguments that every rank must agree on; what an operation lets differ is left out. */
export interface Agreement {
  readonly name: CollectiveName;
  readonly root?: number;
  /** A named reduction; `undefined` for one of the user's own. */
  readonly op?: OpName;
  /** Wire code of the element type. */
  readonly code?: number;
  readonly count?: number;
}

/** What collectives know of a communicator. */
export interface Members {
  readonly engine: Engine;
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  /** Context of collective messages. */
  readonly context: number;
  /** World ranks, by rank. */
  readonly ranks: readonly number[];
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
  /** How it goes on this rank. */
  state: "running" | "done" | "failed" = "running";
  /** The wait of a call that needs no messages. */
  onBoard: Operation<unknown> | undefined;
  #receives: Receive[] | undefined;
  #error: Error | undefined;

  constructor(members: Members, sequence: number, signature: Signature) {
    this.members = members;
    this.rank = members.rank;
    this.size = members.size;
    this.sequence = sequence;
    this.signature = signature;
  }

  send(packed: Packed, dest: number): Operation<void> {
    const { engine, context, rank, ranks } = this.members;
    return engine.send(
      { dest: ranks[dest], context, source: rank, tag: this.sequence },
      packed.code,
      packed.bytes,
      this.signature,
    );
  }

  /** Receives the next message of this call from `source`; raw, so that it can be passed on. */
  receive(source: number, into?: TypedArray): Operation<unknown> {
    const { engine, context } = this.members;
    const receive = engine.receive(context, source, this.sequence, into);
    if (this.#error !== undefined) engine.cancel(context, receive, this.#error);
    (this.#receives ??= []).push(receive);
    return receive;
  }

  /** Ends the call with an error on this rank; every wait of it rejects. */
  abort(error: Error): void {
    if (this.state === "running") this.state = "failed";
    const reason = (this.#error ??= error);
    const { engine, context } = this.members;
    for (const receive of this.#receives ?? []) engine.cancel(context, receive, reason);
    this.#receives = undefined;
    this.onBoard?.fail(reason);
  }

  /** Tells every other rank that this call failed here. */
  tell(error: Error): void {
    if (error instanceof RemoteError) return;
    const { engine, context, rank, ranks } = this.members;
    ranks.forEach((dest, peer) => {
      if (peer !== rank)
        engine.sendFailure({ dest, context, source: rank, tag: this.sequence }, error.message);
    });
  }

  /** As in `allreduce(sum, float64 × 3)`. */
  describe(): string {
    return describe(this.signature);
  }

  /** What is wrong with a message of this call, if its sender called something else. */
  mismatch(message: Message): Error | undefined {
    return this.differs(message.signature, message.source);
  }

  /** The same of any rank's signature under this number. */
  differs({ kind, root, count }: Signature, rank: number): Error | undefined {
    const mine = this.signature;
    if (kind === mine.kind && root === mine.root && count === mine.count) return undefined;
    const theirs = describe({ kind, root, count });
    return new CollectiveMismatchError(
      `${this.members.name}: collective #${this.sequence} is ${describe(mine)} on rank ${this.rank} and ${theirs} on rank ` +
        `${rank}; every rank must call the same collectives in the same order, with the same arguments`,
    );
  }
}

/** Programs call the same few collectives again and again: the latest signature is mostly the next one. */
let latest: { readonly agreement: Agreement; readonly signature: Signature } | undefined;

/** The arguments that ranks agree on, as they travel. */
export function sign(agreement: Agreement): Signature {
  if (latest !== undefined && same(latest.agreement, agreement)) return latest.signature;
  const { name, root = -1, op, code = -1, count = -1 } = agreement;
  const operation = op === undefined ? 0 : OPERATION_NAMES.indexOf(op) + 1;
  const kind = COLLECTIVES.indexOf(name) | (operation << 8) | ((code + 1) << 16);
  latest = { agreement, signature: { kind, root, count: count | 0 } };
  return latest.signature;
}

function same(a: Agreement, b: Agreement): boolean {
  return a.name === b.name && a.op === b.op && a.code === b.code && a.count === b.count && a.root === b.root;
}

function describe({ kind, root, count }: Signature): string {
  const op = (kind >> 8) & 0xff;
  const code = (kind >> 16) & 0xff;
  const details = [
    ...(root >= 0 ? [`root ${root}`] : []),
    ...(op > 0 ? [OPERATION_NAMES[op - 1]] : []),
    ...(code > 0 ? [`${nameOf(code - 1)}${count >= 0 ? ` × ${count}` : ""}`] : []),
  ];
  return `${COLLECTIVES[kind & 0xff] ?? "unknown"}(${details.join(", ")})`;
}
