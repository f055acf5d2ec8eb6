import { createCipheriv, createDecipheriv } from "node:crypto";

/** Keys of one connection: for what this rank sends, and for what it receives. */
export interface SealKeys {
  readonly seal: Uint8Array;
  readonly open: Uint8Array;
}

/**
 * Sealed records: `length` (4 bytes, little-endian), the encrypted bytes, a tag of 16 bytes. AES-256-GCM; the nonce
 * counts the records of a direction, so that none can be left out, repeated or swapped.
 */
export const SEAL_BYTES = 128 << 10;
export const SEAL_HEAD_BYTES = 4;
export const SEAL_TAG_BYTES = 16;
const CIPHER = "aes-256-gcm";

export class Sealer {
  readonly #key: Uint8Array;
  readonly #nonce = new Nonce();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** One record of all these bytes, SEAL_BYTES at most. */
  seal(parts: readonly Uint8Array[], bytes: number): Buffer {
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonce.next());
    const record = Buffer.allocUnsafe(SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES);
    record.writeUInt32LE(bytes, 0);
    let at = SEAL_HEAD_BYTES;
    for (const part of parts) {
      record.set(cipher.update(part), at);
      at += part.byteLength;
    }
    cipher.final();
    record.set(cipher.getAuthTag(), at);
    return record;
  }
}

export class Opener {
  readonly #key: Uint8Array;
  readonly #nonce = new Nonce();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /**
   * The bytes of a record, given without its length.
   *
   * @throws {Error} If it is not the next record that the peer has sealed.
   */
  open(sealed: Uint8Array): Uint8Array {
    const bytes = sealed.byteLength - SEAL_TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonce.next());
    decipher.setAuthTag(sealed.subarray(bytes));
    const opened = decipher.update(sealed.subarray(0, bytes));
    decipher.final();
    return opened;
  }
}

class Nonce {
  readonly #bytes = new Uint8Array(12);
  readonly #count = new DataView(this.#bytes.buffer);
  #next = 0;

  next(): Uint8Array {
    const count = this.#next++;
    this.#count.setUint32(4, Math.floor(count / 2 ** 32));
    this.#count.setUint32(8, count % 2 ** 32);
    return this.#bytes;
  }
}
