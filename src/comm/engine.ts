import { env } from "../env.js";
import type { RecordedSite } from "./call-site.js";
import { Credits } from "./credit.js";
import {
  bytesIn,
  contextIn,
  EAGER_BYTES,
  HEADER_WORDS,
  Kind,
  type PackedPieces,
  setBytes,
  setContext,
  Word,
} from "./envelope.js";
import { PeerLostError } from "./errors.js";
import { Limit, type Limited, type LimitOptions } from "./limit.js";
import {
  type Announcement,
  Arrival,
  Context,
  type Message,
  NO_SIGNATURE,
  type Posted,
  Receive,
  type Signature,
} from "./matching.js";
import type { Piece } from "./parts.js";
import { Rendezvous } from "./rendezvous.js";
import { completed, Operation } from "./request.js";
import type { Landing, Sink, Transport } from "./transports/transport.js";
import type { Region } from "./structure/region.js";
import { ANY_SOURCE, type TypedArray } from "./types.js";
import { Unexpected } from "./unexpected.js";
import { Waiting } from "./waiting.js";

/** So many freed contexts are remembered. */
const FREED_CONTEXTS = 65_536;

/** Where a message goes, and what its envelope says. Only read during a call. */
export interface Address {
  /** Receiver's rank in the world. */
  readonly dest: number;
  readonly context: number;
  /** Sender's rank in the communicator. */
  readonly source: number;
  readonly tag: number;
}

/** How to send. */
export interface SendingOptions {
  readonly synchronous?: boolean;
  readonly signature?: Signature;
  /** What may call the message back, as long as it has not been received. */
  readonly limit?: LimitOptions & { readonly what: Limited };
}

/** What the engine knows of a communicator. */
export interface Group {
  /** Of a communicator: its messages are the user's. */
  readonly name?: string;
  /** World ranks, by rank. */
  readonly ranks: readonly number[];
  /** Judges a collective's message by its signature; returns what is wrong with it. */
  inspect(message: Message): Error | undefined;
  /** A collective has failed on another rank. */
  remoteFailure(sequence: number, source: number, text: string): void;
  /** A world rank calls nothing more. */
  lost(peer: number): void;
  /** It answers no more, either. */
  silent?(peer: number): void;
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

/**
 * One rank's end of all its communicators: sends messages over one transport, and matches those that arrive.
 *
 * A payload up to {@link EAGER_BYTES} travels with its envelope, as long as there is credit: the receiver holds it if
 * nobody has asked for it yet. Any other is announced and waits at its sender; see rendezvous.ts. Both kinds are
 * matched in the order in which they were sent.
 */
export class Engine extends Waiting implements Sink {
  readonly transport: Transport;
  readonly rendezvous: Rendezvous;
  readonly unexpected: Unexpected;
  /** World ranks from which nothing more will come, with the reason. */
  readonly lostPeers = new Map<number, Error>();
  /** Those of them whose program has ended. */
  readonly endedPeers = new Set<number>();
  /** Those of them that answer no more, either. */
  readonly silentPeers = new Set<number>();
  /** Memory that this rank shares with others, beside the transport's. */
  readonly regions = new Set<Region>();
  /** Requests take down where they were called, and sends wait for their receives. */
  check = env.check;
  /** Calls that nobody has waited for, if they take down where they are. */
  readonly openSites = new Set<RecordedSite>();
  /** Limits of requests that may still end something. */
  limits = 0;

  readonly #contexts = new Map<number, Context>();
  /** The one used last. */
  #latest = { id: -1, context: new Context() };
  readonly #header = new Int32Array(HEADER_WORDS);
  readonly #groups = new Map<number, Group>();
  /** What other ranks tell of communicators that they have made already and this rank has not. */
  readonly #early = new Map<number, ((group: Group) => void)[]>();
  /** Contexts of revoked communicators, with what their calls fail with. */
  readonly #revoked = new Map<number, () => Error | undefined>();
  /** Contexts of freed communicators, the latest ones: ids are never used again. */
  readonly #freed = new Set<number>();
  readonly #credits: Credits;
  /** What every send returns that is complete at once. */
  readonly sent: Operation<void>;
  #posting = new Posting();
  #closing: (() => boolean)[] = [];
  readonly #offered = new Set<Offered>();
  /** The program has ended: this rank receives no more. */
  #ended = false;

  constructor(connect: (sink: Sink) => Transport) {
    super();
    this.transport = connect(this);
    this.rendezvous = new Rendezvous(this.transport);
    this.unexpected = new Unexpected(
      this.transport.rank,
      (origin, bytes) => this.#taken(origin, bytes),
      () => this.#unreceived(),
    );
    this.#credits = new Credits(this.transport.size);
    this.sent = completed(this, undefined);
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
    const { posted, probes, arrived } = this.#contexts.get(context) ?? new Context();
    if (posted.first !== undefined || probes.first !== undefined) return false;
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) arrival.drop();
    this.#contexts.delete(context);
    this.#latest = { id: -1, context: new Context() };
    this.#groups.delete(context);
    this.#revoked.delete(context);
    this.#freed.add(context);
    if (this.#freed.size > FREED_CONTEXTS)
      for (const oldest of this.#freed) return this.#freed.delete(oldest);
    return true;
  }

  /** Ends all that waits in a context, and all that will. What is under way already may still complete. */
  revoke(context: number, error: () => Error | undefined): void {
    this.#revoked.set(context, error);
    const { posted, probes, arrived } = this.#contexts.get(context) ?? new Context();
    for (const queue of [posted, probes])
      for (let waiting = queue.first; waiting !== undefined; waiting = queue.first) waiting.withdraw(error());
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrived.first) {
      arrived.remove(arrival);
      arrival.discard();
    }
    this.rendezvous.revoke(context, error);
  }

  /** Sends a payload; complete when its memory may be changed. */
  send(to: Address, code: number, payload: Uint8Array, signature = NO_SIGNATURE): Operation<void> {
    const bytes = payload.byteLength;
    const { dest } = to;
    if (
      bytes <= EAGER_BYTES &&
      dest !== this.transport.rank &&
      this.lostPeers.size === 0 &&
      this.#revoked.size === 0 &&
      this.#credits.use(dest, bytes)
    ) {
      this.statistics.messagesSent++;
      this.statistics.bytesSent += bytes;
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
    const operation = new Operation<void>(this);
    this.statistics.messagesSent++;
    this.statistics.bytesSent += bytes;
    const { dest } = to;
    const lost = this.lostPeers.get(dest);
    if (lost !== undefined) {
      const text = `send: rank ${dest} takes no more messages: ${lost.message}`;
      operation.fail(new PeerLostError(dest, text, { cause: lost }));
      return operation;
    }
    if (this.#revoked.has(to.context)) {
      operation.fail(this.#revoked.get(to.context)?.());
      return operation;
    }
    const header = this.#address(to, code, bytes, signature);
    if (dest === this.transport.rank) {
      this.#sendToSelf(header, pieces, operation, synchronous);
      return operation;
    }
    if (!synchronous && pieces.length === 1 && bytes <= EAGER_BYTES) {
      if (this.#credits.use(dest, bytes)) return this.#post(dest, header, pieces[0].bytes);
    }
    const id = this.rendezvous.announce(dest, to.context, header, pieces, operation);
    if (limit !== undefined)
      this.limit(operation, limit.what, limit, (reason, timedOut) =>
        this.rendezvous.withdraw(id, reason, timedOut),
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
    this.statistics.messagesSent++;
    this.statistics.bytesSent += payload.byteLength;
    if (to.dest !== this.transport.rank) return this.transport.post(to.dest, header, payload, sent);
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

  receive(
    context: number,
    source: number,
    tag: number,
    into?: TypedArray,
    finish?: (filled: TypedArray) => unknown,
  ): Receive {
    const receive = new Receive(this, source, tag, into, finish);
    this.enter(context, receive);
    return receive;
  }

  /** Posts a receive, or a probe that takes its message. */
  enter(context: number, posted: Posted): void {
    if (this.#revoked.size > 0 && this.#revoked.has(context))
      return posted.fail(this.#revoked.get(context)?.());
    this.#context(context).post(posted);
    if (this.lostPeers.size > 0) this.#failIfLost(context, posted);
  }

  /** Posts a probe that leaves its message where it is. */
  probe(context: number, probe: Posted): void {
    if (this.#revoked.size > 0 && this.#revoked.has(context))
      return probe.fail(this.#revoked.get(context)?.());
    const queues = this.#context(context);
    const arrival = queues.find(probe);
    if (arrival !== undefined) return probe.take(arrival);
    probe.enqueue(queues.probes);
    if (this.lostPeers.size > 0) this.#failIfLost(context, probe);
  }

  /** The first message that is here, after a look whether there are new ones; with `take`, it leaves the queue. */
  peek(context: number, wanted: Pick<Posted, "matches">, take: boolean): Arrival | undefined {
    this.progress();
    const { arrived } = this.#context(context);
    const arrival = this.#context(context).find(wanted);
    if (arrival !== undefined && take) arrived.remove(arrival);
    return arrival;
  }

  /** Has a signal or a time end a request that is still under way. */
  limit(
    operation: Pick<Operation<unknown>, "settled" | "limit">,
    what: Limited,
    options: LimitOptions,
    end: (reason: unknown, timedOut: boolean) => void,
  ): void {
    if (!operation.settled) operation.limit = new Limit(this, what, options, end);
  }

  /** Messages that came before anyone asked for them. */
  *arrived(context: number): Iterable<Message> {
    for (let arrival = this.#context(context).arrived.first; arrival !== undefined; arrival = arrival.next)
      yield arrival;
  }

  /** Ends a receive: nothing will be written to its buffer any more. */
  cancel(_context: number, receive: Receive, error: Error): void {
    if (receive.settled) return;
    receive.dequeue();
    this.rendezvous.forsake(receive);
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
    const kind = header[Word.kind];
    if (bytes > EAGER_BYTES && kind !== Kind.data && kind !== Kind.active)
      throw new RangeError(
        `engine: message of kind ${kind} and ${bytes} bytes from rank ${source}; are all ranks of one version?`,
      );
    switch (kind) {
      case Kind.eager:
        return this.#beginMessage(source, header, bytes);
      case Kind.request:
        return this.#beginRequest(source, header, bytes);
      case Kind.clear:
        this.rendezvous.answered(header[Word.request], header[Word.tag]);
        return NO_LANDING;
      case Kind.data:
        return this.rendezvous.begin(header, bytes, bytesIn(header));
      case Kind.failure:
        return this.#beginFailure(header, bytes);
      case Kind.active:
        return this.#beginActive(header, bytes);
      case Kind.ended:
        this.ended(source);
        return NO_LANDING;
      case Kind.credit:
        this.#credits.returned(source, header[Word.count], bytesIn(header));
        return NO_LANDING;
      case Kind.withdraw:
        this.#withdraw(source, contextIn(header), header[Word.request]);
        return NO_LANDING;
      default:
        throw new RangeError(
          `engine: message of unknown kind ${header[Word.kind]} from rank ${source}; are all ranks of one version?`,
        );
    }
  }

  /** While a signal or a timer may still end something, a job in which nothing moves is no deadlock. */
  get patient(): boolean {
    return this.limits > 0;
  }

  ended(peer: number): void {
    if (this.lostPeers.has(peer)) return;
    this.endedPeers.add(peer);
    this.#lose(peer, new Error("which has finished"));
  }

  lost(peer: number, reason: Error): void {
    if (!this.lostPeers.has(peer)) this.#lose(peer, reason);
    if (this.silentPeers.has(peer)) return;
    this.silentPeers.add(peer);
    for (const group of this.#groups.values()) group.silent?.(peer);
  }

  // --- the end of the program -------------------------------------------------------------------

  /** What still waits in the communicators of users, receives and messages, with their names. */
  *pending(): Iterable<readonly [name: string, context: Context]> {
    for (const [id, context] of this.#contexts) {
      const name = this.#groups.get(id)?.name;
      if (name !== undefined && isUsers(id)) yield [name, context];
    }
  }

  /**
   * The program has ended: nothing will be received any more, and whoever waits for that is told. Resolves when what
   * this rank has announced has been taken, or never will be.
   */
  async end(): Promise<void> {
    this.#ended = true;
    for (const { arrived } of this.#contexts.values())
      for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next)
        arrival.announcement?.refuse();
    if (this.rendezvous.pending === 0) return;
    const drained = new Operation<void>(this);
    this.rendezvous.onDrained = () => drained.complete();
    await drained;
  }

  // ----------------------------------------------------------------------------------------------

  #post(dest: number, header: Int32Array, payload: Uint8Array): Operation<void> {
    const posting = this.#posting;
    this.transport.post(dest, header, payload, posting.sent);
    if (posting.done) {
      posting.done = false; // the usual case: nothing is allocated
      return this.sent;
    }
    this.#posting = new Posting();
    return (posting.operation = new Operation<void>(this));
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
    this.#arrive(this.transport.rank, header, announcement);
    if (synchronous || operation.settled) return;
    held = pieces.map(({ offset, bytes }) => ({ offset, bytes: bytes.slice() }));
    operation.complete();
  }

  #beginMessage(origin: number, header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const posted = this.#context(context).match(header[Word.source], header[Word.tag]);
    const message = messageIn(header, bytes);
    const error = this.#inspect(context, message);
    if (error !== undefined) posted?.fail(error);
    else if (posted !== undefined) return posted.land(message, origin, this.unexpected);
    const arrival = new Arrival(message, origin, this.unexpected);
    if (error !== undefined) arrival.drop();
    else this.#keep(context, arrival);
    return arrival;
  }

  #inspect(context: number, message: Message): Error | undefined {
    return message.signature === NO_SIGNATURE ? undefined : this.#groups.get(context)?.inspect(message);
  }

  #keep(context: number, arrival: Arrival): void {
    if (this.#freed.has(context)) return arrival.drop();
    if (this.#revoked.size > 0 && this.#revoked.has(context)) return arrival.discard();
    this.#context(context).keep(arrival);
    if (this.#ended) arrival.announcement?.refuse();
  }

  #beginFailure(header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const [rank, sequence] = [header[Word.source], header[Word.tag]];
    const memory = new Uint8Array(bytes);
    const done = (): void => {
      const text = new TextDecoder().decode(memory);
      this.#tell(context, (group) => group.remoteFailure(sequence, rank, text));
    };
    return { memory, done };
  }

  /** Tells the owner of a context something, now or as soon as there is one. */
  #tell(context: number, tell: (group: Group) => void): void {
    const group = this.#groups.get(context);
    if (group !== undefined) return tell(group);
    if (this.#freed.has(context)) return;
    this.#early.set(context, [...(this.#early.get(context) ?? []), tell]);
  }

  #beginActive(header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const memory = new Uint8Array(bytes);
    const message = messageIn(header, bytes);
    return { memory, done: () => this.#tell(context, (group) => group.active?.(message, memory)) };
  }

  /** A payload is announced; what follows says where it is, if this rank can copy it by itself. */
  #beginRequest(origin: number, header: Int32Array, ticketBytes: number): Landing {
    const ticket = ticketBytes === 0 ? NOTHING : new Uint8Array(ticketBytes);
    const announcement = this.rendezvous.announcement(origin, header[Word.request], ticket);
    if (ticketBytes === 0) {
      this.#arrive(origin, header, announcement);
      return NO_LANDING;
    }
    const envelope = header.slice();
    return { memory: ticket, done: () => this.#arrive(origin, envelope, announcement) };
  }

  #arrive(origin: number, header: Int32Array, announcement: Announcement): void {
    const context = contextIn(header);
    const message = messageIn(header, bytesIn(header));
    const error = this.#inspect(context, message);
    const posted = this.#context(context).match(message.source, message.tag);
    if (error !== undefined) {
      posted?.fail(error);
      return announcement.discard();
    }
    const arrival = new Arrival(message, origin, this.unexpected, announcement);
    if (posted !== undefined) posted.take(arrival);
    else this.#keep(context, arrival);
  }

  /** A sender wants an announced message back: it gets it if nobody has taken it yet. */
  #withdraw(origin: number, context: number, id: number): void {
    const { arrived } = this.#context(context);
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) {
      if (arrival.origin !== origin || arrival.announcement?.id !== id) continue;
      arrived.remove(arrival);
      this.unexpected.remove(arrival);
      return this.rendezvous.giveBack(origin, id);
    }
  }

  /** A message is out of the memory for unexpected ones: its sender may send another. */
  #taken(origin: number, bytes: number): void {
    const due = this.#credits.take(origin, bytes);
    if (due === undefined) return;
    const header = this.#header.fill(0);
    header[Word.kind] = Kind.credit;
    header[Word.count] = due.messages;
    setBytes(header, due.bytes);
    if (!this.lostPeers.has(origin)) this.transport.post(origin, header, NOTHING, ignore);
  }

  *#unreceived(): Iterable<Arrival> {
    for (const { arrived } of this.#contexts.values())
      for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) yield arrival;
  }

  #lose(peer: number, reason: Error): void {
    this.lostPeers.set(peer, reason);
    this.rendezvous.lost(peer, reason);
    for (const [id, { posted, probes }] of this.#contexts) {
      for (const queue of [posted, probes]) {
        for (let waiting = queue.first; waiting !== undefined;) {
          const next: Posted | undefined = waiting.next;
          this.#failIfLost(id, waiting);
          waiting = next;
        }
      }
    }
    for (const group of this.#groups.values()) group.lost(peer);
    this.progress();
  }

  /** Fails a posted call that only lost peers could satisfy. */
  #failIfLost(id: number, posted: Posted): void {
    const members = this.#groups.get(id)?.ranks;
    if (members === undefined || posted.settled) return;
    const candidates =
      posted.source === ANY_SOURCE
        ? members.filter((rank) => rank !== this.transport.rank)
        : [members[posted.source]];
    if (candidates.length === 0 || !candidates.every((rank) => this.lostPeers.has(rank))) return;
    const [peer] = candidates;
    const reason = this.lostPeers.get(peer);
    posted.dequeue();
    posted.fail(
      new PeerLostError(
        peer,
        `recv: waits for rank ${peer}, ${reason?.message}; this message can never arrive`,
        { cause: reason },
      ),
    );
  }

  #context(id: number): Context {
    if (id === this.#latest.id) return this.#latest.context; // mostly the same one: saves hashing it
    let context = this.#contexts.get(id);
    if (context === undefined) {
      context = new Context();
      if (this.#freed.has(id)) return context;
      this.#contexts.set(id, context);
    }
    this.#latest = { id, context };
    return context;
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

  protected override audit(): void {
    for (const group of this.#groups.values()) group.audit();
  }
}

const NOTHING = new Uint8Array(0);
const ignore = (): void => undefined;
const NO_LANDING: Landing = { memory: NOTHING, done: ignore };

/** Learns that a payload has been posted, mostly before `post` returns. */
class Posting {
  done = false;
  operation: Operation<void> | undefined;
  readonly sent = (): void => {
    this.done = true;
    this.operation?.complete();
  };
}

function messageIn(header: Int32Array, bytes: number): Message {
  const kind = header[Word.signature];
  const signature = kind === 0 ? NO_SIGNATURE : { kind, root: header[Word.root], count: header[Word.count] };
  return { code: header[Word.code], source: header[Word.source], tag: header[Word.tag], bytes, signature };
}

/** Contexts of collectives are odd; see context-id.ts. */
function isUsers(context: number): boolean {
  return context % 2 === 0;
}
