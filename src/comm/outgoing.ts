import type { Contexts } from "./contexts.js";
import type { Credits } from "./credit.js";
import type { Engine } from "./engine.js";
import type { Address, SendingOptions } from "./group.js";
import {
  EAGER_BYTES,
  HEADER_WORDS,
  Kind,
  type PackedPieces,
  setBytes,
  setContext,
  Word,
} from "./envelope.js";
import { PeerLostError } from "./errors.js";
import type { Incoming } from "./incoming.js";
import { NO_SIGNATURE, type Signature } from "./matching.js";
import type { Announcement } from "./arrival.js";
import type { Piece } from "./parts.js";
import { completed, Operation } from "./request.js";

const NOTHING = new Uint8Array(0);
const ignore = (): void => undefined;

/** What a rank sends: at once where there is credit, announced where not; to itself past the transport. */
export class Outgoing {
  /** What every send returns that is complete at once. */
  readonly sent: Operation<void>;
  readonly #engine: Engine;
  readonly #contexts: Contexts;
  readonly #credits: Credits;
  readonly #incoming: Incoming;
  readonly #header = new Int32Array(HEADER_WORDS);
  #posting = new Posting();

  constructor(engine: Engine, contexts: Contexts, credits: Credits, incoming: Incoming) {
    this.sent = completed(engine, undefined);
    this.#engine = engine;
    this.#contexts = contexts;
    this.#credits = credits;
    this.#incoming = incoming;
  }

  /** Sends a payload; complete when its memory may be changed. */
  send(to: Address, code: number, payload: Uint8Array, signature = NO_SIGNATURE): Operation<void> {
    const bytes = payload.byteLength;
    const { dest } = to;
    if (
      bytes <= EAGER_BYTES &&
      dest !== this.#engine.transport.rank &&
      this.#engine.lostPeers.size === 0 &&
      !this.#contexts.anyRevoked &&
      this.#credits.use(dest, bytes)
    ) {
      this.#engine.statistics.messagesSent++;
      this.#engine.statistics.bytesSent += bytes;
      return this.#post(dest, this.#address(to, code, bytes, signature), payload);
    }
    return this.sendPieces(to, { code, bytes, pieces: [{ offset: 0, bytes: payload }] }, { signature });
  }

  /** The same for payloads of any length. A synchronous send completes once a receive has been matched to it. */
  sendPieces(
    to: Address,
    { code, bytes, pieces }: PackedPieces,
    { synchronous = false, signature = NO_SIGNATURE, limit }: SendingOptions = {},
  ): Operation<void> {
    const operation = new Operation<void>(this.#engine);
    this.#engine.statistics.messagesSent++;
    this.#engine.statistics.bytesSent += bytes;
    const { dest } = to;
    const lost = this.#engine.lostPeers.get(dest);
    if (lost !== undefined) {
      const text = `send: rank ${dest} takes no more messages: ${lost.message}`;
      operation.fail(new PeerLostError(dest, text, { cause: lost }));
      return operation;
    }
    if (this.#contexts.isRevoked(to.context)) {
      operation.fail(this.#contexts.revocation(to.context));
      return operation;
    }
    const header = this.#address(to, code, bytes, signature);
    if (dest === this.#engine.transport.rank) {
      this.#sendToSelf(header, pieces, operation, synchronous);
      return operation;
    }
    if (!synchronous && pieces.length === 1 && bytes <= EAGER_BYTES) {
      if (this.#credits.use(dest, bytes)) return this.#post(dest, header, pieces[0].bytes);
    }
    const id = this.#engine.rendezvous.announce(dest, to.context, header, pieces, operation);
    if (limit !== undefined)
      this.#engine.limit(operation, limit.what, limit, (reason, timedOut) =>
        this.#engine.rendezvous.withdraw(id, reason, timedOut),
      );
    return operation;
  }

  /**
   * Sends a message for the owner of the context on another rank; see {@link Group.active}. It reaches ranks whose program
   * has ended, too. Nothing tells when it is there; `sent` is called once the payload may be changed.
   */
  post(to: Address, code: number, payload: Uint8Array, signature: Signature, sent = ignore): void {
    const header = this.#address(to, code, payload.byteLength, signature);
    header[Word.kind] = Kind.active;
    this.#engine.statistics.messagesSent++;
    this.#engine.statistics.bytesSent += payload.byteLength;
    if (to.dest !== this.#engine.transport.rank)
      return this.#engine.transport.post(to.dest, header, payload, sent);
    const landing = this.#incoming.begin(to.dest, header, payload.byteLength);
    landing.memory.set(payload);
    landing.done();
  }

  /** Tells another rank that a collective failed here; see {@link Group.remoteFailure}. */
  fail(to: Address, text: string): void {
    const payload = new TextEncoder().encode(text.slice(0, EAGER_BYTES / 4));
    const header = this.#address(to, 0, payload.byteLength, NO_SIGNATURE);
    header[Word.kind] = Kind.failure;
    if (!this.#engine.lostPeers.has(to.dest)) this.#engine.transport.post(to.dest, header, payload, ignore);
  }

  /** A message is out of the memory for unexpected ones: its sender may send another. */
  giveCredit(origin: number, bytes: number): void {
    const due = this.#credits.take(origin, bytes);
    if (due === undefined) return;
    const header = this.#header.fill(0);
    header[Word.kind] = Kind.credit;
    header[Word.count] = due.messages;
    setBytes(header, due.bytes);
    if (!this.#engine.lostPeers.has(origin)) this.#engine.transport.post(origin, header, NOTHING, ignore);
  }

  /** Tells another rank that this one asks nothing any more. */
  end(dest: number): void {
    const header = this.#header.fill(0);
    header[Word.kind] = Kind.ended;
    this.#engine.transport.post(dest, header, NOTHING, ignore);
  }

  #post(dest: number, header: Int32Array, payload: Uint8Array): Operation<void> {
    const posting = this.#posting;
    this.#engine.transport.post(dest, header, payload, posting.sent);
    if (posting.done) {
      posting.done = false; // the usual case: nothing is allocated
      return this.sent;
    }
    this.#posting = new Posting();
    return (posting.operation = new Operation<void>(this.#engine));
  }

  /** A message to this rank is copied unless a receive waits for it, so that the send completes in any case. */
  #sendToSelf(
    header: Int32Array,
    pieces: readonly Piece[],
    operation: Operation<void>,
    synchronous: boolean,
  ): void {
    let held = pieces;
    const announcement: Announcement = {
      id: 0,
      refuse: () => operation.complete(),
      discard: () => operation.complete(),
      fetch: (receive) => {
        if (receive.accepted)
          for (const { offset, bytes } of held) receive.piece(offset, bytes.byteLength).set(bytes);
        operation.complete();
        receive.done();
      },
    };
    this.#incoming.arrive(this.#engine.transport.rank, header, announcement);
    if (synchronous || operation.settled) return;
    held = pieces.map(({ offset, bytes }) => ({ offset, bytes: bytes.slice() }));
    operation.complete();
  }

  #address(to: Address, code: number, bytes: number, signature: Signature): Int32Array {
    const header = this.#header;
    header[Word.kind] = Kind.eager;
    header[Word.code] = code;
    setContext(header, to.context);
    header[Word.source] = to.source;
    header[Word.tag] = to.tag;
    setBytes(header, bytes);
    header[Word.signature] = signature.kind;
    header[Word.root] = signature.root;
    header[Word.count] = signature.count;
    header[Word.request] = 0;
    return header;
  }
}

/** Learns that a payload has been posted, mostly before `post` returns. */
class Posting {
  done = false;
  operation: Operation<void> | undefined;
  readonly sent = (): void => {
    this.done = true;
    this.operation?.complete();
  };
}
