/**
 * What travels between two ranks over a network begins with four 32-bit words, little-endian:
 *
 *     kind | extra « 8 , sequence , low , high
 *
 * `extra` counts what follows the words, of a message the words of its header; low + high · 2³² are bytes, of a message
 * those of its payload. `sequence` counts what is sent: a stream that has lost its way does not get far.
 */
export const FRAME_BYTES = 16;
/** Longest header of a message, in words: far above what the engine uses, a bound on what is believed. */
export const HEADER_WORDS_MAX = 64;

/** @throws {RangeError} If a header is longer than what the other end believes. */
export function checkHeader(where: string, words: number): void {
  if (words > HEADER_WORDS_MAX)
    throw new RangeError(`${where}: a header of ${words} words; at most ${HEADER_WORDS_MAX} are sent`);
}

/** A length from its two words. */
export function lengthOf(low: number, high: number): number {
  return (low >>> 0) + (high >>> 0) * 2 ** 32;
}
