import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { SealKeys } from "./seal.js";

/**
 * How two ranks come to trust a connection. Both prove that they hold the job's secret, without telling it:
 *
 *     dialer                                    acceptor
 *     hello: magic, sealed?, from, to, nonce →
 *                                             ← nonce, mac of "accept", hello, nonce
 *     mac of "dial", hello, nonce            →
 *                                             ← verdict: welcome, or busy: the acceptor dials itself
 *
 * Keys for what follows come from the secret and both nonces, one for each direction, so that no two connections share
 * one. Until its verdict, a stranger can make the acceptor remember `HELLO_BYTES + MAC_BYTES`, and no more.
 */
export interface Member {
  readonly rank: number;
  readonly size: number;
  /** The job's secret, in hex. */
  readonly key: string;
  /** Whether what follows is encrypted. */
  readonly sealed: boolean;
}

export const HELLO_BYTES = 52;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const MAGIC = Buffer.from("tsmpi-1\n");
const WELCOME = 1;
const BUSY = 2;

/** The other side is not of this job, or not of this protocol. */
export class StrangerError extends Error {
  override readonly name = "StrangerError";
}

/** The other side claimed to be a rank, and closed the connection before it had proved that. */
export class DepartedError extends Error {
  override readonly name = "DepartedError";
  readonly rank: number;

  constructor(rank: number, cause: unknown) {
    super(`claimed to be rank ${rank}, and left`, { cause });
    this.rank = rank;
  }
}

/** Reads a socket in pieces of known length. */
export class Pieces {
  #held: Buffer = Buffer.alloc(0);
  #wanted = 0;
  #resolve: ((piece: Buffer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #ended: Error | undefined;
  readonly #socket: Socket;
  readonly #take = (bytes: Buffer): void => {
    this.#held = Buffer.concat([this.#held, bytes]);
    this.#give();
  };
  readonly #end = (): void => this.fail(new Error("the connection was closed"));

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#take).on("end", this.#end).on("close", this.#end);
  }

  next(bytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#wanted = bytes;
      this.#resolve = resolve;
      this.#reject = reject;
      this.#give();
    });
  }

  fail(error: Error): void {
    this.#ended ??= error;
    this.#give();
  }

  /** Lets go of the socket; returns what came and was not asked for. */
  release(): Buffer {
    this.#socket.off("data", this.#take).off("end", this.#end).off("close", this.#end);
    return this.#held;
  }

  #give(): void {
    if (this.#resolve === undefined) {
      if (this.#held.length > HELD_MAX) this.#socket.destroy();
      return;
    }
    const [resolve, reject] = [this.#resolve, this.#reject];
    if (this.#held.length >= this.#wanted) {
      const piece = this.#held.subarray(0, this.#wanted);
      this.#held = this.#held.subarray(this.#wanted);
      this.#resolve = this.#reject = undefined;
      resolve(piece);
    } else if (this.#ended !== undefined) {
      this.#resolve = this.#reject = undefined;
      reject?.(this.#ended);
    }
  }
}

/** Nobody sends more than this ahead of its turn. */
const HELD_MAX = 1 << 20;

/**
 * Introduces this rank on a connection that it has made. Resolves to the keys, or to "busy" if the other rank makes a
 * connection by itself.
 *
 * @throws {StrangerError} If the other side does not hold the job's secret.
 */
export async function dial(
  socket: Socket,
  pieces: Pieces,
  self: Member,
  to: number,
): Promise<SealKeys | "busy"> {
  const nonce = randomBytes(NONCE_BYTES);
  const hello = Buffer.alloc(HELLO_BYTES);
  MAGIC.copy(hello);
  hello.writeUInt32LE(self.sealed ? 1 : 0, 8);
  hello.writeUInt32LE(self.rank, 12);
  hello.writeUInt32LE(to, 16);
  nonce.copy(hello, 20);
  socket.write(hello);
  const reply = await pieces.next(NONCE_BYTES + MAC_BYTES);
  const theirs = reply.subarray(0, NONCE_BYTES);
  if (!timingSafeEqual(reply.subarray(NONCE_BYTES), mac(self.key, "accept", hello, theirs)))
    throw new StrangerError("it does not know the secret of this job");
  socket.write(mac(self.key, "dial", hello, theirs));
  const [verdict] = await pieces.next(1);
  if (verdict === BUSY) return "busy";
  if (verdict !== WELCOME) throw new StrangerError(`it answered ${verdict}`);
  return keysOf(self.key, hello, theirs, "dial", "accept");
}

/** Someone who has proved to be a rank of the job, and waits for a verdict. */
export interface Guest {
  readonly rank: number;
  readonly keys: SealKeys;
}

/**
 * Lets someone who has connected prove to be a rank of the job.
 *
 * @throws {StrangerError} If it is not.
 * @throws {DepartedError} If it leaves before it has.
 */
export async function accept(socket: Socket, pieces: Pieces, self: Member): Promise<Guest> {
  const hello = await pieces.next(HELLO_BYTES);
  const [sealed, rank, to] = [hello.readUInt32LE(8), hello.readUInt32LE(12), hello.readUInt32LE(16)];
  if (!hello.subarray(0, MAGIC.length).equals(MAGIC)) throw new StrangerError("not a rank of tsmpi");
  if (sealed !== (self.sealed ? 1 : 0) || to !== self.rank || rank >= self.size || rank === self.rank)
    throw new StrangerError(`claims to be rank ${rank} and to look for rank ${to}`);
  const nonce = randomBytes(NONCE_BYTES);
  socket.write(Buffer.concat([nonce, mac(self.key, "accept", hello, nonce)]));
  const proof = await pieces.next(MAC_BYTES).catch((cause: unknown) => {
    throw new DepartedError(rank, cause);
  });
  if (!timingSafeEqual(proof, mac(self.key, "dial", hello, nonce)))
    throw new StrangerError(`claims to be rank ${rank}, and does not know the secret of this job`);
  return { rank, keys: keysOf(self.key, hello, nonce, "accept", "dial") };
}

/** Tells a guest the verdict; resolves once it is on its way. */
export function answer(socket: Socket, verdict: "welcome" | "busy"): Promise<void> {
  return new Promise((resolve, reject) => {
    const byte = Uint8Array.of(verdict === "welcome" ? WELCOME : BUSY);
    socket.write(byte, (error) => (error ? reject(error) : resolve()));
  });
}

function mac(key: string, role: string, hello: Buffer, nonce: Buffer): Buffer {
  return createHmac("sha256", Buffer.from(key, "hex")).update(role).update(hello).update(nonce).digest();
}

function keysOf(key: string, hello: Buffer, nonce: Buffer, own: string, theirs: string): SealKeys {
  const derive = (role: string): Uint8Array =>
    new Uint8Array(
      hkdfSync("sha256", Buffer.from(key, "hex"), Buffer.concat([hello, nonce]), `tsmpi ${role}`, 32),
    );
  return { seal: derive(own), open: derive(theirs) };
}
