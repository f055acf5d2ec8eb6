/** What a rank may have sent to another that the other has not asked for; beyond it, messages wait at their sender. */
export interface CreditLimit {
  readonly messages: number;
  readonly bytes: number;
}

const PAIR: CreditLimit = { messages: 1024, bytes: 2 ** 20 };
/** What all senders together may have at one receiver. */
const RANK: CreditLimit = { messages: 2 ** 20, bytes: 256 * 2 ** 20 };

/** The same for every pair, so that a receiver's memory is bounded whoever sends, and nobody has to ask. */
export function creditLimit(size: number): CreditLimit {
  return {
    messages: Math.min(PAIR.messages, Math.ceil(RANK.messages / size)),
    bytes: Math.min(PAIR.bytes, Math.ceil(RANK.bytes / size)),
  };
}

/**
 * The credit between this rank and one other, in both directions. A receiver gives back what it has taken in lots of
 * half the limit: one message of the engine's own for 512 of the user's, and two additions each.
 */
export class Credit {
  /** Why nothing more will come from the peer. */
  lost: Error | undefined;
  /** Sent, and not known to be taken. */
  #messages = 0;
  #bytes = 0;
  /** Taken, and not given back yet. */
  takenMessages = 0;
  takenBytes = 0;

  /** Uses credit for a message; false if there is not enough. */
  use(limit: CreditLimit, bytes: number): boolean {
    if (this.#messages >= limit.messages || this.#bytes + bytes > limit.bytes) return false;
    this.#messages++;
    this.#bytes += bytes;
    return true;
  }

  /** The peer has taken so much. */
  returned(messages: number, bytes: number): void {
    this.#messages -= messages;
    this.#bytes -= bytes;
  }

  /** This rank has taken a message; true if it is time to give credit back. */
  take(limit: CreditLimit, bytes: number): boolean {
    this.takenMessages++;
    this.takenBytes += bytes;
    return 2 * this.takenMessages >= limit.messages || 2 * this.takenBytes >= limit.bytes;
  }
}
