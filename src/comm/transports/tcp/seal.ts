import { createCipheriv, createDecipheriv } from "node:crypto";
import { requireNative } from "../../../native.js";

/** Keys of one connection: for what this rank sends, and for what it receives. */
export interface SealKeys {
  readonly seal: Uint8Array;
  readonly open: Uint8Array;
}

/**
 * Sealed records: `length` (4 bytes, little-endian), the encrypted bytes, a tag of 16 bytes. AES-256-GCM; the nonce
 * counts the records of a direction, so that none can be left out, repeated or swapped.
 */
export const SEAL_BYTES = 64 << 10;
export const SEAL_HEAD_BYTES = 4;
export const SEAL_TAG_BYTES = 16;
export const RECORD_BYTES_MAX = SEAL_HEAD_BYTES + SEAL_BYTES + SEAL_TAG_BYTES;

/** Encrypts or decrypts whole records, from memory to memory. */
export interface Cipher {
  /** Encrypts `parts` one after the other into `into`, and puts the tag behind them. */
  seal(nonce: Uint8Array, parts: readonly Uint8Array[], into: Uint8Array): void;
  /** Decrypts `sealed`, whose tag stands behind it, into `into`; false if it is not what was sealed. */
  open(nonce: Uint8Array, sealed: Uint8Array, into: Uint8Array): boolean;
}

/** Seals the bytes that go out on a connection, into memory of its own that is used again and again. */
export class Sealer {
  readonly #cipher: Cipher;
  readonly #nonce = new Nonce();
  readonly #memory = new Uint8Array(RECORD_BYTES_MAX);
  readonly #head = new DataView(this.#memory.buffer);

  constructor(key: Uint8Array, cipher = cipherOf(key)) {
    this.#cipher = cipher;
  }

  /** One record of all these bytes, SEAL_BYTES at most; valid until the next. */
  seal(parts: readonly Uint8Array[], bytes: number): Uint8Array {
    this.#head.setUint32(0, bytes, true);
    this.#cipher.seal(this.#nonce.next(), parts, this.#memory.subarray(SEAL_HEAD_BYTES));
    return this.#memory.subarray(0, SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES);
  }
}

export class Opener {
  readonly #cipher: Cipher;
  readonly #nonce = new Nonce();
  readonly #memory = new Uint8Array(SEAL_BYTES);

  constructor(key: Uint8Array, cipher = cipherOf(key)) {
    this.#cipher = cipher;
  }

  /**
   * The bytes of a record, given without its length, to the beginning of `into`: by default memory of its own, good until
   * the next record.
   *
   * @returns Where they are.
   * @throws {RangeError} If it is not the next record that the peer has sealed; what `into` then holds means nothing.
   */
  open(sealed: Uint8Array, into: Uint8Array = this.#memory): Uint8Array {
    if (sealed.byteLength < SEAL_TAG_BYTES || !this.#cipher.open(this.#nonce.next(), sealed, into))
      throw new RangeError("a record came that was not sealed by the peer");
    return into;
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

function cipherOf(key: Uint8Array): Cipher {
  return directCipher(key) ?? nodeCipher(key);
}

/** By node:crypto, which makes an object for each record and new memory for each of its parts. */
export function nodeCipher(key: Uint8Array): Cipher {
  const name = "aes-256-gcm";
  return {
    seal(nonce, parts, into) {
      const cipher = createCipheriv(name, key, nonce);
      let at = 0;
      for (const part of parts) {
        into.set(cipher.update(part), at);
        at += part.byteLength;
      }
      cipher.final();
      into.set(cipher.getAuthTag(), at);
    },
    open(nonce, sealed, into) {
      const bytes = sealed.byteLength - SEAL_TAG_BYTES;
      const decipher = createDecipheriv(name, key, nonce);
      decipher.setAuthTag(sealed.subarray(bytes));
      into.set(decipher.update(sealed.subarray(0, bytes)));
      try {
        decipher.final();
        return true;
      } catch {
        return false;
      }
    },
  };
}

type Native = (...values: unknown[]) => unknown;

/**
 * By the same OpenSSL that node:crypto uses, called directly: from memory to memory, with one context for all records.
 * Three times as fast. `undefined` where node does not show its OpenSSL.
 *
 * @see https://docs.openssl.org/3.0/man3/EVP_EncryptInit/
 */
export function directCipher(key: Uint8Array): Cipher | undefined {
  const library = openssl();
  if (library === undefined) return undefined;
  const { init, update, final, control } = library;
  const context = library.newContext(); // lives as long as this process: a rank makes few connections
  const length = new Int32Array(1);
  let mode: 0 | 1 | undefined;
  const begin = (nonce: Uint8Array, direction: 0 | 1): void => {
    // The key's schedule is made once; after that only the nonce changes.
    if (mode === undefined) check(init(context, library.aes, null, key, nonce, direction));
    else check(init(context, null, null, null, nonce, direction));
    mode = direction;
  };
  return {
    seal(nonce, parts, into) {
      begin(nonce, ENCRYPT);
      let at = 0;
      for (const part of parts) {
        check(update(context, at === 0 ? into : into.subarray(at), length, part, part.byteLength));
        at += part.byteLength;
      }
      const tag = into.subarray(at, at + SEAL_TAG_BYTES);
      check(final(context, tag, length));
      check(control(context, GET_TAG, SEAL_TAG_BYTES, tag));
    },
    open(nonce, sealed, into) {
      const bytes = sealed.byteLength - SEAL_TAG_BYTES;
      begin(nonce, DECRYPT);
      check(update(context, into, length, sealed, bytes));
      check(control(context, SET_TAG, SEAL_TAG_BYTES, sealed.subarray(bytes)));
      return final(context, into.subarray(bytes), length) === 1;
    },
  };
}

const [DECRYPT, ENCRYPT] = [0, 1] as const;
const [GET_TAG, SET_TAG] = [0x10, 0x11];

function check(result: unknown): void {
  if (result !== 1) throw new Error("seal: OpenSSL refuses to encrypt; use --transport zmq");
}

interface OpenSsl {
  readonly aes: unknown;
  readonly newContext: Native;
  readonly init: Native;
  readonly update: Native;
  readonly final: Native;
  readonly control: Native;
}

let found: { readonly library: OpenSsl | undefined } | undefined;

function openssl(): OpenSsl | undefined {
  return (found ??= { library: load() }).library;
}

function load(): OpenSsl | undefined {
  try {
    const library = requireNative<typeof import("koffi")>("koffi").load(null);
    const native = (signature: string): Native => library.func(signature);
    const aes = native("const void *EVP_aes_256_gcm()");
    return {
      aes: aes(),
      newContext: native("void *EVP_CIPHER_CTX_new()"),
      init: native(
        "int EVP_CipherInit_ex(void *context, const void *type, void *engine, const void *key, const void *nonce, int mode)",
      ),
      update: native(
        "int EVP_CipherUpdate(void *context, void *into, int *length, const void *from, int bytes)",
      ),
      final: native("int EVP_CipherFinal_ex(void *context, void *into, int *length)"),
      control: native("int EVP_CIPHER_CTX_ctrl(void *context, int type, int number, void *pointer)"),
    };
  } catch {
    return undefined; // this node does not show it
  }
}
