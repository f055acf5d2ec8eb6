import { TURN_BYTES } from "./outbound.js";
import { Opener, RECORD_BYTES_MAX, SEAL_BYTES, SEAL_HEAD_BYTES, SEAL_TAG_BYTES } from "./seal.js";
import { AGAIN, type Sockets } from "./sockets.js";
import type { Unpacker } from "./unpacker.js";

/** Missing bytes from which a payload is read straight to where it belongs. */
const DIRECT_BYTES = 16 << 10;
const INBOX_BYTES = 4 * RECORD_BYTES_MAX;

/** What {@link Inbound.read} found: nothing, something, or the end of the stream (and maybe something before it). */
export type Found = "nothing" | "some" | "end";

/** What one end of a connection receives, and hands to its unpacker. */
export interface Inbound {
  /**
   * Reads what is there, TURN_BYTES at most, until `stopped`: what is delivered may close the connection.
   *
   * @throws {SocketError} If the connection is broken.
   * @throws {RangeError} If what came makes no sense.
   */
  read(stopped: () => boolean): Found;
  /** Bytes that the event loop has read. @throws {RangeError} If they make no sense. */
  take(bytes: Uint8Array): void;
}

/** @param key - What comes is sealed with it; in clear without. */
export function inboundOf(
  fd: number,
  sockets: Sockets,
  unpacker: Unpacker,
  key: Uint8Array | undefined,
): Inbound {
  return key === undefined
    ? new PlainInbound(fd, sockets, unpacker)
    : new SealedInbound(fd, sockets, unpacker, new Opener(key));
}

class PlainInbound implements Inbound {
  readonly #fd: number;
  readonly #sockets: Sockets;
  readonly #unpacker: Unpacker;
  readonly #inbox = new Uint8Array(INBOX_BYTES);

  constructor(fd: number, sockets: Sockets, unpacker: Unpacker) {
    this.#fd = fd;
    this.#sockets = sockets;
    this.#unpacker = unpacker;
  }

  read(stopped: () => boolean): Found {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const { missing } = this.#unpacker;
      const direct = missing >= DIRECT_BYTES;
      const asked = direct ? missing : INBOX_BYTES;
      const came = this.#sockets.receive(this.#fd, direct ? this.#unpacker.room() : this.#inbox, asked);
      if (came === AGAIN) break;
      if (came === 0) return "end";
      moved += came;
      if (direct) this.#unpacker.advance(came);
      else this.#unpacker.feed(this.#inbox, came);
      if (came < asked || stopped()) break; // all there was
    }
    return moved > 0 ? "some" : "nothing";
  }

  take(bytes: Uint8Array): void {
    this.#unpacker.feed(bytes, bytes.byteLength);
  }
}

class SealedInbound implements Inbound {
  readonly #fd: number;
  readonly #sockets: Sockets;
  readonly #unpacker: Unpacker;
  readonly #opener: Opener;
  readonly #inbox = new Uint8Array(INBOX_BYTES);
  /** Bytes in the inbox, and those of them that have been opened. */
  #held = 0;
  #opened = 0;

  constructor(fd: number, sockets: Sockets, unpacker: Unpacker, opener: Opener) {
    this.#fd = fd;
    this.#sockets = sockets;
    this.#unpacker = unpacker;
    this.#opener = opener;
  }

  read(stopped: () => boolean): Found {
    let moved = 0;
    while (moved < TURN_BYTES) {
      const asked = INBOX_BYTES - this.#held;
      const into = this.#held === 0 ? this.#inbox : this.#inbox.subarray(this.#held);
      const came = this.#sockets.receive(this.#fd, into, asked);
      if (came === AGAIN) break;
      if (came === 0) return "end";
      moved += came;
      this.#held += came;
      this.#openRecords();
      if (came < asked || stopped()) break; // all there was
    }
    return moved > 0 ? "some" : "nothing";
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength;) {
      const part = Math.min(bytes.byteLength - at, INBOX_BYTES - this.#held);
      this.#inbox.set(bytes.subarray(at, at + part), this.#held);
      this.#held += part;
      at += part;
      this.#openRecords();
    }
  }

  /** Opens the whole records of the inbox. One that is all payload is opened where it belongs. */
  #openRecords(): void {
    const inbox = this.#inbox;
    const unpacker = this.#unpacker;
    let at = this.#opened;
    while (this.#held - at >= SEAL_HEAD_BYTES) {
      const bytes = (inbox[at] | (inbox[at + 1] << 8) | (inbox[at + 2] << 16) | (inbox[at + 3] << 24)) >>> 0;
      if (bytes === 0 || bytes > SEAL_BYTES) throw new RangeError(`a sealed record of ${bytes} bytes came`);
      const end = at + SEAL_HEAD_BYTES + bytes + SEAL_TAG_BYTES;
      if (end > this.#held) break;
      const sealed = inbox.subarray(at + SEAL_HEAD_BYTES, end);
      at = this.#opened = end;
      if (bytes >= DIRECT_BYTES && unpacker.missing >= bytes) {
        this.#opener.open(sealed, unpacker.room());
        unpacker.advance(bytes);
      } else unpacker.feed(this.#opener.open(sealed), bytes);
    }
    if (at === this.#held) this.#held = this.#opened = 0;
    else if (INBOX_BYTES - at < RECORD_BYTES_MAX) {
      inbox.copyWithin(0, at, this.#held);
      this.#held -= at;
      this.#opened = 0;
    }
  }
}
