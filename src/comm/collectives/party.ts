import { pack, type Packed } from "../envelope.js";
import type { Operation } from "../request.js";
import type { TypedArray } from "../types.js";

/** Ranks that run an algorithm together, counted from 0: all of a communicator, those of one host, or one of each. */
export interface Party {
  readonly rank: number;
  readonly size: number;
  send(packed: Packed, dest: number): Operation<void>;
  /** Receives the next message of this call from `source`. */
  receive(source: number, into?: TypedArray): Operation<unknown>;
}

/** Some ranks of a party, in an order of their own. Makes no messages: every rank knows the list. */
export class Subset implements Party {
  readonly rank: number;
  readonly size: number;
  readonly #whole: Party;
  readonly #ranks: readonly number[];

  constructor(whole: Party, ranks: readonly number[]) {
    this.#whole = whole;
    this.#ranks = ranks;
    this.rank = ranks.indexOf(whole.rank);
    this.size = ranks.length;
  }

  send(packed: Packed, dest: number): Operation<void> {
    return this.#whole.send(packed, this.#ranks[dest]);
  }

  receive(source: number, into?: TypedArray): Operation<unknown> {
    return this.#whole.receive(this.#ranks[source], into);
  }
}

/** Sends to one rank and receives from another, or the same, at once. */
export async function exchange(
  party: Party,
  out: TypedArray,
  dest: number,
  into: TypedArray,
  source: number,
): Promise<void> {
  const receive = party.receive(source, into);
  await party.send(pack(out), dest);
  await receive;
}

/** Largest power of two that is not above `size`. */
export function powerOfTwo(size: number): number {
  return 2 ** (31 - Math.clz32(size));
}

/** Exchanges values of any kind with one rank. */
export async function exchangeValues(party: Party, value: unknown, partner: number): Promise<unknown> {
  const receive = party.receive(partner);
  await party.send(pack(value), partner);
  return receive;
}
