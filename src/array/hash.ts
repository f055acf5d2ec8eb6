/** Two hashes of a sequence of words, 26 bits of each, as one number. @see FNV-1a, https://www.rfc-editor.org/rfc/rfc9923 */
export function hashOf(words: Uint32Array | Uint8Array): number {
  let [a, b] = [0x811c9dc5, 0x050c5d1f];
  for (const word of words) {
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(b ^ word ^ (a >>> 15), 0x85ebca6b);
  }
  return (a >>> 6) * 2 ** 26 + (b >>> 6);
}
