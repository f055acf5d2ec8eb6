import type { Call, Members } from "./collectives/call.js";
import { type Revocation, RevokedError } from "./errors.js";
import { Operation } from "./request.js";

/** First characters of what ranks tell each other of an end of their communicator; see Calls.remoteFailure. */
export const REVOKED = "\u0001x";
const ASKED = "\u0001~";
const HERE = "\u0001+";
const AWAY = "\u0001-";

/** Patience with a rank that is asked whether it has come: it answers unless it computes. */
const ANSWER_MS = 100;
/** So many ranks are named. */
const NAMED = 16;
/** Communicators of up to so many ranks pass the news on by every rank: who hears from one that knows, knows. */
const GOSSIP = 128;

interface Asked {
  /** Ranks that have said that they have not come to the call, and those that have not answered yet. */
  readonly away: Set<number>;
  readonly silent: Set<number>;
  /** Complete when all have. */
  readonly answered: Operation<void>;
}

/**
 * The end of a communicator that a rank has given up on, since nobody can withdraw alone from a collective: all members
 * are told, and from then on every call of it fails with the same {@link RevokedError}.
 */
export class Revoking {
  readonly #members: Members;
  /** What was asked of calls, by their numbers; several may be given up at a time. */
  readonly #asked = new Map<number, Asked>();
  #revocation: Revocation | undefined;

  constructor(members: Members) {
    this.#members = members;
  }

  get revoked(): boolean {
    return this.#revocation !== undefined;
  }

  /** A new error for each call, since each shows its own place in the program. */
  readonly error = (): RevokedError | undefined => this.#revocation && new RevokedError(this.#revocation);

  /** Notes the end, and tells others of it. False if it is known already. */
  begin(revocation: Revocation, mine: boolean): boolean {
    if (this.#revocation !== undefined) return false;
    this.#revocation = revocation;
    const text = REVOKED + JSON.stringify(revocation);
    const { size, rank } = this.#members;
    if (!mine && size > GOSSIP) return true;
    for (let peer = 0; peer < size; peer++)
      if (peer !== rank && peer !== revocation.rank) this.#tell(peer, 0, text);
    return true;
  }

  /** Finds out which ranks have not come to a call: by memory that all see, or else by asking them. */
  async absent(
    call: Call,
    noted: ((rank: number) => boolean) | undefined,
  ): Promise<Pick<Revocation, "missing" | "silent">> {
    const others = Array.from({ length: call.size }, (_, rank) => rank).filter((rank) => rank !== call.rank);
    if (noted !== undefined)
      return { missing: others.filter((rank) => !noted(rank)).slice(0, NAMED), silent: [] };
    const answered = new Operation<void>(this.#members.engine);
    const asked: Asked = { away: new Set<number>(), silent: new Set(others), answered };
    this.#asked.set(call.sequence, asked);
    for (const rank of others) this.#tell(rank, call.sequence, ASKED);
    const patience = setTimeout(() => answered.complete(), ANSWER_MS);
    if (others.length > 0) await answered;
    clearTimeout(patience);
    this.#asked.delete(call.sequence);
    const sorted = (ranks: Set<number>): number[] => [...ranks].sort((a, b) => a - b).slice(0, NAMED);
    return { missing: sorted(asked.away), silent: sorted(asked.silent) };
  }

  /** Another rank asks whether this one has come to a call, or answers that. True if it was that. */
  hears(sequence: number, source: number, text: string, come: boolean): boolean {
    if (text === ASKED) this.#tell(source, sequence, come ? HERE : AWAY);
    else if (text === HERE || text === AWAY) {
      const asked = this.#asked.get(sequence);
      asked?.silent.delete(source);
      if (text === AWAY) asked?.away.add(source);
      if (asked?.silent.size === 0) asked.answered.complete();
    } else return false;
    return true;
  }

  #tell(peer: number, sequence: number, text: string): void {
    const { engine, context, rank, ranks } = this.#members;
    engine.sendFailure({ dest: ranks[peer], context, source: rank, tag: sequence }, text);
  }
}
