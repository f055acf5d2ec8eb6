import { EAGER_BYTES, Kind, setBytes, setContext, Word, HEADER_WORDS } from "./envelope.js";
import { PeerLostError } from "./errors.js";
import type { Announcement } from "./arrival.js";
import type { Receive } from "./receive.js";
import type { Piece } from "./parts.js";
import type { Operation } from "./request.js";
import type { Landing, Transport } from "./transports/transport.js";

/** A payload that its receiver knows of. */
interface Outgoing {
  readonly dest: number;
  readonly context: number;
  readonly tag: number;
  readonly pieces: readonly Piece[];
  readonly operation: Operation<void>;
  /** Set if the receiver copies it by itself. */
  readonly ticket: Uint8Array | undefined;
  /** Why the sender wants it back. */
  reason: unknown;
}

/** A receive whose payload is under way. */
interface Incoming {
  readonly source: number;
  readonly receive: Receive;
}

/** Answers to an announcement, in place of the number of a place. */
const Answer = {
  /** The receiver has it, or needs none of it. */
  taken: 0,
  /** It was announced in vain: the sender wanted it back in time. */
  withdrawn: -1,
  /** The receiver's program has ended, or has freed the communicator. */
  refused: -2,
} as const;

/**
 * Payloads that wait at their sender: large ones, those beyond the credit, and those of synchronous sends. The sender
 * announces one, the receiver answers when a receive has been matched to it, and only then it is sent, straight into
 * its place, in pieces if it is longer than {@link chunkBytes}. A sender may ask for it back; the receiver decides.
 */
export class Rendezvous {
  /** Longest part of a payload that travels as one message of the transport. */
  chunkBytes = 2 ** 30;
  /** Called when the last payload has left. */
  onDrained: (() => void) | undefined;
  readonly #transport: Transport;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #incoming = new Map<number, Incoming>();
  readonly #header = new Int32Array(HEADER_WORDS);
  #nextId = 1;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Payloads that have been announced and have not left. */
  get pending(): number {
    return this.#outgoing.size;
  }

  /** What has been announced and has not been taken. */
  get announced(): Iterable<Readonly<Pick<Outgoing, "dest" | "context" | "tag" | "operation">>> {
    return this.#outgoing.values();
  }

  /**
   * Announces a payload.
   *
   * @param header - Envelope of the message; its kind and request are set here.
   * @returns Its number, with which it can be asked back.
   */
  announce(
    dest: number,
    context: number,
    header: Int32Array,
    pieces: readonly Piece[],
    operation: Operation<void>,
  ): number {
    const id = this.#id();
    const { direct } = this.#transport;
    const single = pieces.length === 1 && pieces[0].bytes.byteLength > EAGER_BYTES ? pieces[0] : undefined;
    const ticket =
      single && single.bytes.byteLength <= this.chunkBytes ? direct?.offer(dest, single.bytes) : undefined;
    const tag = header[Word.tag];
    this.#outgoing.set(id, { dest, context, tag, pieces, operation, ticket, reason: undefined });
    header[Word.kind] = Kind.request;
    header[Word.request] = id;
    this.#transport.post(dest, header, ticket ?? NOTHING, ignore);
    return id;
  }

  /** Asks for a payload back. Its operation fails if the receiver agrees; with `now`, at once. */
  withdraw(id: number, reason: unknown, now: boolean): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) return;
    outgoing.reason = reason;
    if (now) outgoing.operation.fail(reason);
    const header = this.#blank(Kind.withdraw);
    setContext(header, outgoing.context);
    header[Word.request] = id;
    this.#transport.post(outgoing.dest, header, NOTHING, ignore);
  }

  /** What the receiver does with an announcement. */
  announcement(source: number, id: number, ticket: Uint8Array): Announcement {
    return {
      id,
      refuse: () => this.#answer(source, id, Answer.refused),
      discard: () => this.#answer(source, id, Answer.taken),
      fetch: (receive) => {
        const done = (): void => {
          this.#answer(source, id, Answer.taken);
          receive.done();
        };
        if (!receive.accepted) return done();
        if (ticket.byteLength > 0) return this.#transport.direct?.take(source, ticket, receive.memory, done);
        const place = this.#id();
        this.#incoming.set(place, { source, receive });
        this.#answer(source, id, place);
      },
    };
  }

  /** The sender wants an announced message back, and it is still here. */
  giveBack(source: number, id: number): void {
    this.#answer(source, id, Answer.withdrawn);
  }

  #answer(source: number, id: number, answer: number): void {
    const header = this.#blank(Kind.clear);
    header[Word.request] = id;
    header[Word.tag] = answer;
    this.#transport.post(source, header, NOTHING, ignore);
  }

  /** The receiver has answered. */
  answered(id: number, answer: number): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) return;
    const { dest, pieces, operation, ticket, reason } = outgoing;
    if (ticket !== undefined) this.#transport.direct?.retract(ticket);
    switch (answer) {
      case Answer.taken:
        operation.complete();
        break;
      case Answer.withdrawn:
        operation.fail(reason);
        break;
      case Answer.refused:
        operation.fail(
          new PeerLostError(
            dest,
            `send: rank ${dest} of the world has ended, or freed the communicator, without receiving it`,
          ),
        );
        break;
      default:
        return this.#transfer(id, outgoing, pieces, answer);
    }
    this.#forget(id);
  }

  /** A piece of a payload arrives. */
  begin(header: Int32Array, bytes: number, offset: number): Landing {
    const place = header[Word.tag];
    const last = header[Word.count] === 1;
    const incoming = this.#incoming.get(place);
    if (last) this.#incoming.delete(place);
    if (incoming === undefined) return { memory: new Uint8Array(bytes), done: ignore };
    const { receive } = incoming;
    if (last && offset === 0) return receive;
    return { memory: receive.piece(offset, bytes), done: () => last && receive.done() };
  }

  /** A receive has been cancelled: what still comes for it is thrown away. */
  forsake(receive: Receive): void {
    for (const [place, incoming] of this.#incoming)
      if (incoming.receive === receive) this.#incoming.delete(place);
  }

  /** Sends in a revoked communicator fail; a receiver that takes one just now still gets it. */
  revoke(context: number, error: () => Error | undefined): void {
    for (const outgoing of this.#outgoing.values())
      if (outgoing.context === context) outgoing.operation.fail(error());
  }

  /** A world rank is gone: it takes and sends no more. */
  lost(peer: number, reason: Error): void {
    for (const [id, { dest, operation }] of this.#outgoing) {
      if (dest !== peer) continue;
      operation.fail(
        new PeerLostError(peer, `send: rank ${peer} is gone: ${reason.message}`, { cause: reason }),
      );
      this.#forget(id);
    }
    for (const [place, { source, receive }] of this.#incoming) {
      if (source !== peer) continue;
      this.#incoming.delete(place);
      receive.fail(
        new PeerLostError(peer, `recv: rank ${peer} went in the middle of a message: ${reason.message}`, {
          cause: reason,
        }),
      );
    }
  }

  #transfer(id: number, { dest, operation }: Outgoing, pieces: readonly Piece[], place: number): void {
    const parts = split(pieces, this.chunkBytes);
    let left = parts.length;
    const sent = (): void => {
      if (--left > 0) return;
      operation.complete();
      this.#forget(id);
    };
    parts.forEach(({ offset, bytes }, i) => {
      const header = this.#blank(Kind.data);
      header[Word.tag] = place;
      header[Word.count] = i === parts.length - 1 ? 1 : 0;
      setBytes(header, offset);
      this.#transport.post(dest, header, bytes, sent);
    });
  }

  #forget(id: number): void {
    this.#outgoing.delete(id);
    if (this.#outgoing.size === 0) this.onDrained?.();
  }

  #blank(kind: number): Int32Array {
    const header = this.#header.fill(0);
    header[Word.kind] = kind;
    return header;
  }

  #id(): number {
    const id = this.#nextId;
    this.#nextId = id === 2 ** 31 - 1 ? 1 : id + 1;
    return id;
  }
}

function split(pieces: readonly Piece[], chunkBytes: number): readonly Piece[] {
  if (pieces.every(({ bytes }) => bytes.byteLength <= chunkBytes)) return pieces;
  const parts: Piece[] = [];
  for (const { offset, bytes } of pieces) {
    for (let at = 0; at < bytes.byteLength; at += chunkBytes)
      parts.push({ offset: offset + at, bytes: bytes.subarray(at, at + chunkBytes) });
  }
  return parts;
}

const NOTHING = new Uint8Array(0);
const ignore = (): void => undefined;
