import { HEADER_WORDS, Kind, Word } from "./envelope.js";
import { PeerLostError } from "./errors.js";
import { Arrival, Context, type Message, Receive, type Signature } from "./matching.js";
import { Operation } from "./request.js";
import type { Landing, Sink, Transport } from "./transports/transport.js";
import { Boards } from "./structure/boards.js";
import { ANY_SOURCE, type TypedArray } from "./types.js";
import { Waiting } from "./waiting.js";

/** Payloads up to this size travel with their header; larger ones wait until the receiver has a place for them. */
export const EAGER_BYTES = 64 * 1024;

/** So many freed contexts are remembered. */
const FREED_CONTEXTS = 65_536;

/** A large payload that its receiver knows of. */
interface Announced {
  readonly dest: number;
  readonly payload: Uint8Array;
  readonly operation: Operation<void>;
  /** Set if the receiver copies it by itself. */
  readonly ticket: Uint8Array | undefined;
}

/** Where a message goes, and what its envelope says. */
export interface Address {
  /** Receiver's rank in the world. */
  readonly dest: number;
  readonly context: number;
  /** Sender's rank in the communicator. */
  readonly source: number;
  readonly tag: number;
}

/** What the engine knows of a communicator. */
export interface Group {
  /** World ranks, by rank. */
  readonly ranks: readonly number[];
  /** Judges a collective's message by its signature; returns what is wrong with it. */
  inspect(message: Message): Error | undefined;
  /** A collective has failed on another rank. */
  remoteFailure(sequence: number, source: number, text: string): void;
  /** A world rank will send no more. */
  lost(peer: number): void;
  /** An active message has come. */
  active?(message: Message, memory: Uint8Array): void;
  /** Compares collectives that have waited for long with what other ranks have called. */
  audit(): void;
}

/** What answers other ranks; see structure/service.ts. */
export interface Offered {
  /** This rank asks nothing any more; resolves when no other will. */
  leave(): PromiseLike<void>;
}

const NO_SIGNATURE: Signature = { kind: 0, root: 0, count: 0 };

/**
 * One rank's end of all its communicators: sends messages over one transport, and matches those that arrive.
 *
 * A payload up to {@link EAGER_BYTES} travels with its envelope. A larger one is announced; the receiver answers when
 * it has a place for it, and only then it is sent, straight into that place.
 */
export class Engine extends Waiting implements Sink {
  readonly transport: Transport;
  /** World ranks from which nothing more will come, with the reason. */
  readonly lostPeers = new Map<number, Error>();
  /** Those of them whose program has ended, and that still answer. */
  readonly ended = new Set<number>();
  /** Places in shared memory that are free on this rank. */
  readonly boards = new Boards();

  readonly #contexts = new Map<number, Context>();
  readonly #header = new Int32Array(HEADER_WORDS);
  readonly #outgoing = new Map<number, Announced>();
  readonly #incoming = new Map<number, Receive>();
  readonly #groups = new Map<number, Group>();
  /** Failures in communicators that other ranks have made already and this rank has not. */
  readonly #early = new Map<number, ((group: Group) => void)[]>();
  /** Contexts of freed communicators, the latest ones: ids are never used again. */
  readonly #freed = new Set<number>();
  #closing: (() => boolean)[] = [];
  readonly #offered = new Set<Offered>();
  #nextId = 1;

  constructor(connect: (sink: Sink) => Transport) {
    super();
    this.transport = connect(this);
  }

  // --- messages -------------------------------------------------------------------------------

  /** Tells whose context this is. Failures that other ranks have reported of it before are passed on. */
  register(context: number, group: Group): void {
    this.#groups.set(context, group);
    for (const tell of this.#early.get(context) ?? []) tell(group);
    this.#early.delete(context);
  }

  /** Calls `close`, now and whenever a communicator is freed, until it returns true. */
  close(close: () => boolean): void {
    this.#closing = [...this.#closing, close].filter((still) => !still());
  }

  /**
   * Forgets a context: what still arrives for it is dropped.
   *
   * @returns False, and nothing has changed, if receives still wait in it.
   */
  unregister(context: number): boolean {
    if (this.#contexts.get(context)?.posted.first !== undefined) return false;
    this.#contexts.delete(context);
    this.#groups.delete(context);
    this.#freed.add(context);
    if (this.#freed.size > FREED_CONTEXTS)
      for (const oldest of this.#freed) return this.#freed.delete(oldest);
    return true;
  }

  send(to: Address, code: number, payload: Uint8Array, signature = NO_SIGNATURE): Operation<void> {
    const operation = new Operation<void>(this);
    this.statistics.messagesSent++;
    this.statistics.bytesSent += payload.byteLength;
    const { dest } = to;
    const lost = this.lostPeers.get(dest);
    if (lost !== undefined) {
      operation.fail(
        new PeerLostError(dest, `send: rank ${dest} takes no more messages: ${lost.message}`, {
          cause: lost,
        }),
      );
      return operation;
    }
    const header = this.#address(to, code, payload.byteLength, signature);
    if (dest === this.transport.rank) {
      const landing = this.begin(dest, header, payload.byteLength);
      landing.memory.set(payload);
      landing.done();
      operation.complete();
    } else if (payload.byteLength <= EAGER_BYTES) {
      this.transport.post(dest, header, payload, () => operation.complete());
    } else {
      const id = this.#nextId++;
      const ticket = this.transport.direct?.offer(dest, payload);
      this.#outgoing.set(id, { dest, payload, operation, ticket });
      header[Word.kind] = Kind.request;
      header[Word.request] = id;
      this.transport.post(dest, header, ticket ?? NOTHING, ignore);
    }
    return operation;
  }

  /** Sends a message for the owner of the context on another rank; see {@link Group.active}. Nothing tells when it is there. */
  post(to: Address, code: number, payload: Uint8Array, signature: Signature): void {
    const header = this.#address(to, code, payload.byteLength, signature);
    header[Word.kind] = Kind.active;
    this.statistics.messagesSent++;
    this.statistics.bytesSent += payload.byteLength;
    if (to.dest !== this.transport.rank) return this.transport.post(to.dest, header, payload, ignore);
    const landing = this.begin(to.dest, header, payload.byteLength);
    landing.memory.set(payload);
    landing.done();
  }

  /** Something that answers other ranks: they find it there until all have left it, or ended. */
  offer(service: Offered): void {
    this.#offered.add(service);
    this.serve(true);
  }

  withdraw(service: Offered): void {
    this.#offered.delete(service);
    if (this.#offered.size === 0) this.serve(false);
  }

  /** The program has ended: goes on answering until nobody can ask any more. */
  async settle(): Promise<void> {
    if (this.#offered.size === 0) return;
    for (let dest = 0; dest < this.transport.size; dest++) {
      if (dest === this.transport.rank || this.lostPeers.has(dest)) continue;
      const header = this.#header.fill(0);
      header[Word.kind] = Kind.ended;
      this.transport.post(dest, header, NOTHING, ignore);
    }
    await Promise.all([...this.#offered].map((service) => service.leave()));
  }

  receive(context: number, source: number, tag: number, into?: TypedArray): Receive {
    const receive = new Receive(this, source, tag, into);
    this.#context(context).post(receive);
    if (!receive.settled && this.lostPeers.size > 0) this.#failIfLost(context, receive);
    return receive;
  }

  /** Messages that came before anyone asked for them. */
  *arrived(context: number): Iterable<Message> {
    for (let arrival = this.#context(context).arrived.first; arrival !== undefined; arrival = arrival.next)
      yield arrival;
  }

  /** Withdraws a receive: nothing will be written to its buffer any more. */
  cancel(context: number, receive: Receive, error: Error): void {
    if (receive.settled) return;
    this.#context(context).withdraw(receive);
    for (const [id, incoming] of this.#incoming) if (incoming === receive) this.#incoming.delete(id);
    receive.fail(error);
  }

  /** Tells another rank that a collective failed here; see {@link Group.remoteFailure}. */
  sendFailure(to: Address, text: string): void {
    const payload = new TextEncoder().encode(text.slice(0, EAGER_BYTES / 4));
    const header = this.#address(to, 0, payload.byteLength, NO_SIGNATURE);
    header[Word.kind] = Kind.failure;
    if (!this.lostPeers.has(to.dest)) this.transport.post(to.dest, header, payload, ignore);
  }

  // --- Sink -----------------------------------------------------------------------------------

  begin(source: number, header: Int32Array, bytes: number): Landing {
    switch (header[Word.kind]) {
      case Kind.eager:
        return this.#beginMessage(header, bytes);
      case Kind.request:
        return this.#beginRequest(source, header, bytes);
      case Kind.clear:
        this.#clear(header[Word.request], header[Word.tag]);
        return NO_LANDING;
      case Kind.data: {
        const id = header[Word.tag];
        const receive = this.#incoming.get(id);
        if (receive === undefined) return { memory: new Uint8Array(bytes), done: ignore };
        this.#incoming.delete(id);
        return receive;
      }
      case Kind.failure:
        return this.#beginFailure(header, bytes);
      case Kind.active:
        return this.#beginActive(header, bytes);
      case Kind.ended:
        this.ended.add(source);
        this.lost(source, new Error("which has finished"));
        return NO_LANDING;
      default:
        throw new RangeError(
          `engine: message of unknown kind ${header[Word.kind]} from rank ${source}; are all ranks of one version?`,
        );
    }
  }

  lost(peer: number, reason: Error): void {
    if (this.lostPeers.has(peer)) return;
    this.lostPeers.set(peer, reason);
    for (const { dest, operation } of this.#outgoing.values()) {
      if (dest === peer)
        operation.fail(new PeerLostError(peer, `send: rank ${peer} is gone: ${reason.message}`));
    }
    for (const [id, context] of this.#contexts) {
      for (let receive = context.posted.first; receive !== undefined;) {
        const next: Receive | undefined = receive.next;
        this.#failIfLost(id, receive);
        receive = next;
      }
    }
    for (const group of this.#groups.values()) group.lost(peer);
    this.progress();
  }

  #beginMessage(header: Int32Array, bytes: number): Landing {
    const context = contextOf(header);
    const [code, source, tag] = [header[Word.code], header[Word.source], header[Word.tag]];
    const receive = this.#context(context).match(source, tag);
    const message: Message = { code, source, tag, bytes, signature: signatureOf(header) };
    const error = message.signature.kind === 0 ? undefined : this.#groups.get(context)?.inspect(message);
    if (error !== undefined) receive?.fail(error);
    if (receive !== undefined && error === undefined) {
      receive.accept(message);
      return receive;
    }
    const arrival = new Arrival(message);
    if (error === undefined) this.#context(context).arrived.push(arrival);
    return arrival;
  }

  #beginFailure(header: Int32Array, bytes: number): Landing {
    const context = contextOf(header);
    const [rank, sequence] = [header[Word.source], header[Word.tag]];
    const memory = new Uint8Array(bytes);
    const done = (): void => {
      const text = new TextDecoder().decode(memory);
      const tell = (group: Group): void => group.remoteFailure(sequence, rank, text);
      const group = this.#groups.get(context);
      if (group !== undefined) tell(group);
      else if (!this.#freed.has(context))
        this.#early.set(context, [...(this.#early.get(context) ?? []), tell]);
    };
    return { memory, done };
  }

  #beginActive(header: Int32Array, bytes: number): Landing {
    const group = this.#groups.get(contextOf(header));
    const memory = new Uint8Array(bytes);
    const [code, source, tag] = [header[Word.code], header[Word.source], header[Word.tag]];
    const message: Message = { code, source, tag, bytes, signature: signatureOf(header) };
    return { memory, done: () => group?.active?.(message, memory) };
  }

  /** A large payload is announced; `ticketBytes` say where it is, if this rank can copy it by itself. */
  #beginRequest(source: number, header: Int32Array, ticketBytes: number): Landing {
    const context = contextOf(header);
    const [code, rank, tag, id] = [
      header[Word.code],
      header[Word.source],
      header[Word.tag],
      header[Word.request],
    ];
    const message: Message = {
      code,
      source: rank,
      tag,
      bytes: bytesIn(header),
      signature: signatureOf(header),
    };
    const ticket = new Uint8Array(ticketBytes);
    const answer = (place: number): void => {
      const reply = this.#header.fill(0);
      reply[Word.kind] = Kind.clear;
      reply[Word.request] = id;
      reply[Word.tag] = place;
      this.transport.post(source, reply, NOTHING, ignore);
    };
    const fetch = (receive: Receive): void => {
      const fits = receive.accept(message);
      if (fits && ticketBytes === 0) {
        const place = this.#nextId++;
        this.#incoming.set(place, receive);
        return answer(place);
      }
      const done = (): void => {
        answer(0);
        receive.done();
      };
      if (fits) this.transport.direct?.take(source, ticket, receive.memory, done);
      else done();
    };
    const arrive = (): void => {
      const error = message.signature.kind === 0 ? undefined : this.#groups.get(context)?.inspect(message);
      const receive = this.#context(context).match(rank, tag);
      if (error !== undefined) receive?.fail(error);
      else if (receive !== undefined) fetch(receive);
      else this.#context(context).arrived.push(new Arrival(message, fetch));
    };
    if (ticketBytes > 0) return { memory: ticket, done: arrive };
    arrive();
    return NO_LANDING;
  }

  /** The receiver has a place for a large payload; place 0 means that it needs no more, or wants none. */
  #clear(id: number, place: number): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) return;
    this.#outgoing.delete(id);
    const { dest, payload, operation, ticket } = outgoing;
    if (ticket !== undefined) this.transport.direct?.retract(ticket);
    if (place === 0) return operation.complete();
    const header = this.#header.fill(0);
    header[Word.kind] = Kind.data;
    header[Word.tag] = place;
    this.transport.post(dest, header, payload, () => operation.complete());
  }

  /** Fails a posted receive that only lost peers could satisfy. */
  #failIfLost(id: number, receive: Receive): void {
    const members = this.#groups.get(id)?.ranks;
    if (members === undefined || receive.settled) return;
    const candidates =
      receive.source === ANY_SOURCE
        ? members.filter((rank) => rank !== this.transport.rank)
        : [members[receive.source]];
    if (candidates.length === 0 || !candidates.every((rank) => this.lostPeers.has(rank))) return;
    const [peer] = candidates;
    const reason = this.lostPeers.get(peer);
    this.#context(id).withdraw(receive);
    receive.fail(
      new PeerLostError(
        peer,
        `recv: waits for rank ${peer}, ${reason?.message}; this message can never arrive`,
        { cause: reason },
      ),
    );
  }

  #context(id: number): Context {
    let context = this.#contexts.get(id);
    if (context === undefined) {
      context = new Context();
      if (!this.#freed.has(id)) this.#contexts.set(id, context);
    }
    return context;
  }

  #address(to: Address, code: number, bytes: number, signature: Signature): Int32Array {
    const header = this.#header;
    header[Word.kind] = Kind.eager;
    header[Word.code] = code;
    header[Word.contextLow] = to.context | 0;
    header[Word.contextHigh] = Math.floor(to.context / 2 ** 32);
    header[Word.source] = to.source;
    header[Word.tag] = to.tag;
    header[Word.bytesLow] = bytes | 0;
    header[Word.bytesHigh] = Math.floor(bytes / 2 ** 32);
    header[Word.signature] = signature.kind;
    header[Word.root] = signature.root;
    header[Word.count] = signature.count;
    header[Word.request] = 0;
    return header;
  }

  protected override audit(): void {
    for (const group of this.#groups.values()) group.audit();
  }
}

const NOTHING = new Uint8Array(0);
const ignore = (): void => undefined;
const NO_LANDING: Landing = { memory: NOTHING, done: ignore };

function contextOf(header: Int32Array): number {
  return (header[Word.contextLow] >>> 0) + header[Word.contextHigh] * 2 ** 32;
}

function bytesIn(header: Int32Array): number {
  return (header[Word.bytesLow] >>> 0) + header[Word.bytesHigh] * 2 ** 32;
}

function signatureOf(header: Int32Array): Signature {
  if (header[Word.signature] === 0) return NO_SIGNATURE;
  return { kind: header[Word.signature], root: header[Word.root], count: header[Word.count] };
}
