import { env } from "../env.js";
import type { RecordedSite } from "./call-site.js";
import { Contexts, type NamedGroup } from "./contexts.js";
import { Credits } from "./credit.js";
import type { PackedPieces } from "./envelope.js";
import { Incoming } from "./incoming.js";
import { Limit, type Limited, type LimitOptions } from "./limit.js";
import type { Context, Message, Posted, Signature } from "./matching.js";
import type { Arrival } from "./arrival.js";
import { Receive } from "./receive.js";
import type { Address, Group, Offered, SendingOptions } from "./group.js";
import { Losses } from "./losses.js";
import { Outgoing } from "./outgoing.js";
import type { CommState } from "./rank-state.js";
import { Rendezvous } from "./rendezvous.js";
import { Operation } from "./request.js";
import type { Landing, Sink, Transport } from "./transports/transport.js";
import type { Region } from "./structure/region.js";
import type { TypedArray } from "./types.js";
import { Unexpected } from "./unexpected.js";
import { Waiting } from "./waiting.js";

/**
 * One rank's end of all its communicators: sends messages over one transport, and matches those that arrive.
 *
 * A payload up to 64 KiB travels with its envelope, as long as there is credit: the receiver holds it if
 * nobody has asked for it yet. Any other is announced and waits at its sender; see rendezvous.ts. Both kinds are
 * matched in the order in which they were sent.
 */
export class Engine extends Waiting implements Sink {
  readonly transport: Transport;
  readonly rendezvous: Rendezvous;
  readonly unexpected: Unexpected;
  /** World ranks from which nothing more will come, with the reason. */
  readonly lostPeers: ReadonlyMap<number, Error>;
  /** Those of them whose program has ended. */
  readonly endedPeers: ReadonlySet<number>;
  /** Memory that this rank shares with others, beside the transport's. */
  readonly regions = new Set<Region>();
  /** Requests take down where they were called, and sends wait for their receives. */
  check = env.check;
  /** Calls that nobody has waited for, if they take down where they are. */
  readonly openSites = new Set<RecordedSite>();
  /** Limits of requests that may still end something. */
  limits = 0;

  /** What every send returns that is complete at once. */
  readonly sent: Operation<void>;
  readonly #contexts = new Contexts();
  readonly #losses: Losses;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  #closing: (() => boolean)[] = [];
  readonly #offered = new Set<Offered>();

  constructor(connect: (sink: Sink) => Transport) {
    super();
    this.transport = connect(this);
    this.rendezvous = new Rendezvous(this.transport);
    this.unexpected = new Unexpected(
      this.transport.rank,
      (origin, bytes) => this.#outgoing.giveCredit(origin, bytes),
      () => this.#contexts.unreceived(),
    );
    const { rendezvous, unexpected } = this;
    const contexts = this.#contexts;
    this.#losses = new Losses(this.transport.rank, contexts, rendezvous);
    this.lostPeers = this.#losses.peers;
    this.endedPeers = this.#losses.ended;
    const credits = new Credits(this.transport.size);
    const ended = (peer: number): void => this.ended(peer);
    this.#incoming = new Incoming({ contexts, credits, rendezvous, unexpected, ended });
    this.#outgoing = new Outgoing(this, contexts, credits, this.#incoming);
    this.sent = this.#outgoing.sent;
  }

  // --- communicators --------------------------------------------------------------------------

  /** Tells whose context this is. What other ranks have said of it before is passed on. */
  register(context: number, group: Group): void {
    this.#contexts.register(context, group);
  }

  /**
   * Forgets a context: what still arrives for it is dropped.
   *
   * @returns False, and nothing has changed, if receives still wait in it.
   */
  unregister(context: number): boolean {
    return this.#contexts.unregister(context);
  }

  /** Calls `close`, now and whenever a communicator is freed, until it returns true. */
  close(close: () => boolean): void {
    this.#closing = [...this.#closing, close].filter((still) => !still());
  }

  /** Ends all that waits in a context, and all that will. What is under way already may still complete. */
  revoke(context: number, error: () => Error | undefined): void {
    this.#contexts.revoke(context, error);
    this.rendezvous.revoke(context, error);
  }

  // --- messages -------------------------------------------------------------------------------

  /** Sends a payload; complete when its memory may be changed. */
  send(to: Address, code: number, payload: Uint8Array, signature?: Signature): Operation<void> {
    return this.#outgoing.send(to, code, payload, signature);
  }

  /** The same for payloads of any length. A synchronous send completes once a receive has been matched to it. */
  sendPieces(to: Address, message: PackedPieces, options?: SendingOptions): Operation<void> {
    return this.#outgoing.sendPieces(to, message, options);
  }

  /**
   * Sends a message for the owner of the context on another rank; see {@link Group.active}. It reaches ranks whose program
   * has ended, too. Nothing tells when it is there; `sent` is called once the payload may be changed.
   */
  post(to: Address, code: number, payload: Uint8Array, signature: Signature, sent?: () => void): void {
    this.#outgoing.post(to, code, payload, signature, sent);
  }

  /** Tells another rank that a collective failed here; see {@link Group.remoteFailure}. */
  sendFailure(to: Address, text: string): void {
    this.#outgoing.fail(to, text);
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
    if (this.#contexts.anyRevoked && this.#contexts.isRevoked(context))
      return posted.fail(this.#contexts.revocation(context));
    this.#contexts.of(context).post(posted);
    if (this.lostPeers.size > 0) this.#losses.failIfLost(context, posted);
  }

  /** Posts a probe that leaves its message where it is. */
  probe(context: number, probe: Posted): void {
    if (this.#contexts.anyRevoked && this.#contexts.isRevoked(context))
      return probe.fail(this.#contexts.revocation(context));
    const queues = this.#contexts.of(context);
    const arrival = queues.find(probe);
    if (arrival !== undefined) return probe.take(arrival);
    probe.enqueue(queues.probes);
    if (this.lostPeers.size > 0) this.#losses.failIfLost(context, probe);
  }

  /** The first message that is here, after a look whether there are new ones; with `take`, it leaves the queue. */
  peek(context: number, wanted: Pick<Posted, "matches">, take: boolean): Arrival | undefined {
    this.progress();
    const queues = this.#contexts.of(context);
    const arrival = queues.find(wanted);
    if (arrival !== undefined && take) queues.arrived.remove(arrival);
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
  arrived(context: number): Iterable<Message> {
    return this.#contexts.arrived(context);
  }

  /** Ends a receive: nothing will be written to its buffer any more. */
  cancel(_context: number, receive: Receive, error: Error): void {
    if (receive.settled) return;
    receive.dequeue();
    this.rendezvous.forsake(receive);
    receive.fail(error);
  }

  // --- Sink -----------------------------------------------------------------------------------

  begin(source: number, header: Int32Array, bytes: number): Landing {
    return this.#incoming.begin(source, header, bytes);
  }

  /** While a signal or a timer may still end something, a job in which nothing moves is no deadlock. */
  get patient(): boolean {
    return this.limits > 0;
  }

  ended(peer: number): void {
    if (this.#losses.end(peer)) this.progress();
  }

  lost(peer: number, reason: Error): void {
    if (this.#losses.lose(peer, reason)) this.progress();
    this.#losses.silence(peer);
  }

  // --- what answers other ranks ---------------------------------------------------------------

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
      this.#outgoing.end(dest);
    }
    await Promise.all([...this.#offered].map((service) => service.leave()));
  }

  // --- what is told of this rank --------------------------------------------------------------

  /** Communicators that collectives have been called on. */
  get communicators(): CommState[] {
    return [...new Set(this.#contexts.groups)].flatMap((group) => group.state?.() ?? []);
  }

  nameOf(context: number): string {
    return this.#contexts.groupOf(context)?.name ?? "";
  }

  // --- the end of the program -------------------------------------------------------------------

  /** What still waits in the communicators of users, receives and messages. */
  pending(): Iterable<readonly [owner: NamedGroup, context: Context]> {
    return this.#contexts.pending();
  }

  /**
   * The program has ended: nothing will be received any more, and whoever waits for that is told. Resolves when what
   * this rank has announced has been taken, or never will be.
   */
  async end(): Promise<void> {
    this.#incoming.refuseAll();
    if (this.rendezvous.pending === 0) return;
    const drained = new Operation<void>(this);
    this.rendezvous.onDrained = () => drained.complete();
    await drained;
  }

  protected override audit(): void {
    for (const group of this.#contexts.groups) group.audit?.();
  }
}
