/**
 * Ids of message contexts. Every communicator has an even id for the user's messages, and the odd one after it for
 * collectives. Ids are derived from the parent's id, the parent's count of children and the split's color: all ranks
 * get the same one without a message. They are hashes of 51 bits, so that two of a million communicators meet with a
 * probability of about 10⁻³·⁷.
 */
export const WORLD_CONTEXT = 2;

export function collectiveContext(id: number): number {
  return id + 1;
}

/** Where members get ready for a collective of the transport's own; not revoked with the communicator. */
export function nativeContext(id: number): number {
  return collectiveContext(childContext(id, -3, 0));
}

export function childContext(parent: number, generation: number, color: number): number {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (const word of [
    parent | 0,
    Math.floor(parent / 2 ** 32),
    generation,
    color | 0,
    Math.floor(color / 2 ** 32),
  ]) {
    high = mix(high ^ word);
    low = mix(low + word + Math.imul(high, 31));
  }
  return ((high >>> 13) * 2 ** 31 + (low >>> 1)) * 2;
}

/** A number for a list of ranks and a tag; two lists get the same one as rarely as two communicators. */
export function hashRanks(ranks: readonly number[], tag: number): number {
  return ranks.reduce((hash, rank) => childContext(hash, rank, ranks.length), tag);
}

/** The finalizer of MurmurHash3: every input bit changes every output bit with probability ½. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
