/** Two hashes of a sequence of words, 26 bits of each, as one number. @see FNV-1a, https://www.rfc-editor.org/rfc/rfc9923 */
export class Hash {
  #a = 0x811c9dc5;
  #b = 0x050c5d1f;

  get value(): number {
    return (this.#a >>> 6) * 2 ** 26 + (this.#b >>> 6);
  }

  add(words: Uint32Array | Uint8Array): this {
    let [a, b] = [this.#a, this.#b];
    for (const word of words) {
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul(b ^ word ^ (a >>> 15), 0x85ebca6b);
    }
    [this.#a, this.#b] = [a, b];
    return this;
  }
}

export function hashOf(words: Uint32Array | Uint8Array): number {
  return new Hash().add(words).value;
}

/** Tags are less than this, so that sums of their squares over thousands of ranks are exact. */
export const TAGS = 2 ** 20;

/** What a rank asks for as a number that can travel in a reduction. */
export function tagOf(asked: readonly unknown[]): number {
  return hashOf(new TextEncoder().encode(asked.join())) % TAGS;
}
