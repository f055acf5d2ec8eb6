/** What a rank may have sent to another that the other has not asked for; beyond it, messages wait at their sender. */
interface CreditLimit {
  readonly messages: number;
  readonly bytes: number;
}

const PAIR: CreditLimit = { messages: 1024, bytes: 2 ** 20 };
/** What all senders together may have at one receiver. */
const RANK: CreditLimit = { messages: 2 ** 20, bytes: 256 * 2 ** 20 };

/** The same for every pair, so that a receiver's memory is bounded whoever sends, and nobody has to ask. */
function creditLimit(size: number): CreditLimit {
  return {
    messages: Math.min(PAIR.messages, Math.ceil(RANK.messages / size)),
    bytes: Math.min(PAIR.bytes, Math.ceil(RANK.bytes / size)),
  };
}

/**
 * The credit between this rank and every other, in both directions. A receiver gives back what it has taken in lots of
 * half the limit: one message of the engine's own for 512 of the user's, and two additions each.
 */
export class Credits {
  readonly #limit: CreditLimit;
  /** By world rank. */
  readonly #pairs: Pair[] = [];

  constructor(size: number) {
    this.#limit = creditLimit(size);
  }

  /** Uses credit for a message to a peer; false if there is not enough. */
  use(peer: number, bytes: number): boolean {
    const pair = this.#pair(peer);
    if (pair.messages >= this.#limit.messages || pair.bytes + bytes > this.#limit.bytes) return false;
    pair.messages++;
    pair.bytes += bytes;
    return true;
  }

  /** The peer has taken so much. */
  returned(peer: number, messages: number, bytes: number): void {
    const pair = this.#pair(peer);
    pair.messages -= messages;
    pair.bytes -= bytes;
  }

  /** This rank has taken a message of the peer; what is to be given back, if it is time to. */
  take(peer: number, bytes: number): CreditLimit | undefined {
    const pair = this.#pair(peer);
    pair.takenMessages++;
    pair.takenBytes += bytes;
    if (2 * pair.takenMessages < this.#limit.messages && 2 * pair.takenBytes < this.#limit.bytes)
      return undefined;
    const taken = { messages: pair.takenMessages, bytes: pair.takenBytes };
    pair.takenMessages = pair.takenBytes = 0;
    return taken;
  }

  #pair(peer: number): Pair {
    return (this.#pairs[peer] ??= new Pair());
  }
}

class Pair {
  /** Sent, and not known to be taken. */
  messages = 0;
  bytes = 0;
  /** Taken, and not given back yet. */
  takenMessages = 0;
  takenBytes = 0;
}
