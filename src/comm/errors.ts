/** Any failure of communication; `code` tells programs which one. */
export class MpiError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A message is longer than the receive buffer. It is consumed, the buffer is left as it was, the sender completes. */
export class TruncateError extends MpiError {
  readonly source: number;
  readonly tag: number;
  /** Elements: room in the receive buffer, and length of the message. */
  readonly expected: number;
  readonly actual: number;

  constructor(source: number, tag: number, counts: { expected: number; actual: number }, message: string) {
    super("TRUNCATE", message);
    this.source = source;
    this.tag = tag;
    this.expected = counts.expected;
    this.actual = counts.actual;
  }
}

/** A message has another element type than the receive buffer. It is consumed, and the buffer is left as it was. */
export class TypeMismatchError extends MpiError {
  /** Who sent it, and the types of the receive buffer and of the message; unknown in a collective. */
  readonly source: number | undefined;
  readonly tag: number | undefined;
  readonly expected: string | undefined;
  readonly actual: string | undefined;

  constructor(
    message: string,
    details: { source?: number; tag?: number; expected?: string; actual?: string } = {},
  ) {
    super("TYPE_MISMATCH", message);
    this.source = details.source;
    this.tag = details.tag;
    this.expected = details.expected;
    this.actual = details.actual;
  }
}

/** A call has waited for longer than its `timeoutMs`. A receive has been withdrawn, and its buffer is untouched. */
export class TimeoutError extends MpiError {
  /** This rank, in the communicator of the call. */
  readonly rank: number;
  /** Rank that was waited for; ANY_SOURCE for any. */
  readonly peer: number;
  readonly tag: number;

  constructor(rank: number, peer: number, tag: number, message: string) {
    super("TIMEOUT", message);
    this.rank = rank;
    this.peer = peer;
    this.tag = tag;
  }
}

/** Why a communicator has ended, in the words of the rank that ended it. */
export interface Revocation {
  readonly comm: string;
  readonly rank: number;
  readonly why: "timeout" | "abort" | "revoke";
  /** The call that it gave up, as in `allreduce(sum, float64 × 1)`, and its number; empty and −1 for none. */
  readonly call: string;
  readonly sequence: number;
  readonly waitedMs: number;
  /** The first ranks that had not begun the call by then, and those that did not answer when asked. */
  readonly missing: readonly number[];
  readonly silent: readonly number[];
  /** Message of the signal's reason, or of `revoke`. */
  readonly reason: string;
}

/**
 * A rank has given up a collective, by its `timeoutMs` or its signal, or has called `revoke`. Since nobody can withdraw
 * from a collective alone, that ends the communicator: every member's calls on it, those under way and those to come,
 * reject with this error. Other communicators go on.
 */
export class RevokedError extends MpiError {
  /** The rank that ended it. */
  readonly rank: number;
  readonly revocation: Revocation;

  constructor(revocation: Revocation, options?: ErrorOptions) {
    super("REVOKED", describe(revocation), options);
    this.rank = revocation.rank;
    this.revocation = revocation;
  }
}

function describe(revocation: Revocation): string {
  const { comm, rank, why, call, sequence, waitedMs, missing, silent, reason } = revocation;
  const place = `${call} (collective #${sequence})`;
  const absent = [
    ...(missing.length > 0 ? [`${list(missing)} had not come`] : []),
    ...(silent.length > 0 ? [`${list(silent)} did not answer`] : []),
  ].join(", ");
  const came = absent || "all others had come";
  const what = {
    timeout: `has waited ${Math.round(waitedMs)} ms in ${place}: ${came}`,
    abort: `has aborted ${place} after ${Math.round(waitedMs)} ms: ${reason}; ${came}`,
    revoke: `has revoked it${reason && `: ${reason}`}`,
  };
  return `"${comm}" has ended: rank ${rank} ${what[why]}; go on with another communicator`;
}

function list(ranks: readonly number[]): string {
  return `${ranks.length > 1 ? "ranks" : "rank"} ${ranks.join(", ")}`;
}

/** A request is in a state that forbids the call: a persistent request that is active, a message received twice. */
export class RequestStateError extends MpiError {
  constructor(message: string) {
    super("REQUEST_STATE", message);
  }
}

/** Ranks called different collectives, or the same one with different arguments. */
export class CollectiveMismatchError extends MpiError {
  readonly mismatch: Mismatch;

  constructor(mismatch: Mismatch) {
    const { where, calls, sites, ranks } = mismatch;
    const side = (i: 0 | 1): string => `${calls[i]} on rank ${ranks[i]}${sites[i] && ` at ${sites[i]}`}`;
    super(
      "COLLECTIVE_MISMATCH",
      `${where} is ${side(0)} and ${side(1)}; every rank must call the same collectives in the same order, with the ` +
        "same arguments",
    );
    this.mismatch = mismatch;
  }
}

/** Two calls that should be one, the lower rank first. */
export interface Mismatch {
  /** As in `world: collective #5`. */
  readonly where: string;
  readonly ranks: readonly [number, number];
  readonly calls: readonly [string, string];
  /** Lines of the program where the two are awaited; empty if they are not, or are over. */
  readonly sites: readonly [string, string];
}

/** A collective failed on another rank, which named its reason. */
export class RemoteError extends MpiError {
  /** Rank, in the communicator of the call, where the failure began. */
  readonly rank: number;

  constructor(rank: number, message: string) {
    super("REMOTE", message);
    this.rank = rank;
  }
}

/** What a wait needs can never arrive: the peer has finished, died, or cannot be reached. */
export class PeerLostError extends MpiError {
  /** Rank in the world. */
  readonly peer: number;

  constructor(peer: number, message: string, options?: ErrorOptions) {
    super("PEER_LOST", message, options);
    this.peer = peer;
  }
}
