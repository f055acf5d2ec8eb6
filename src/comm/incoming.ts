import type { Contexts } from "./contexts.js";
import type { Credits } from "./credit.js";
import { bytesIn, contextIn, EAGER_BYTES, Kind, Word } from "./envelope.js";
import { type Message, NO_SIGNATURE } from "./matching.js";
import { type Announcement, Arrival } from "./arrival.js";
import type { Rendezvous } from "./rendezvous.js";
import type { Landing } from "./transports/transport.js";
import type { Unexpected } from "./unexpected.js";

const NOTHING = new Uint8Array(0);
const NO_LANDING: Landing = { memory: NOTHING, done: () => undefined };

/** What messages that arrive concern. */
interface Concerned {
  readonly contexts: Contexts;
  readonly credits: Credits;
  readonly rendezvous: Rendezvous;
  readonly unexpected: Unexpected;
  /** The program of a rank has ended. */
  readonly ended: (peer: number) => void;
}

/** What arrives at a rank, by kind: finds the receive that has waited for it, or keeps it until there is one. */
export class Incoming {
  readonly #contexts: Contexts;
  readonly #credits: Credits;
  readonly #rendezvous: Rendezvous;
  readonly #unexpected: Unexpected;
  readonly #ended: (peer: number) => void;
  /** This rank receives no more. */
  #refuses = false;

  constructor({ contexts, credits, rendezvous, unexpected, ended }: Concerned) {
    this.#contexts = contexts;
    this.#credits = credits;
    this.#rendezvous = rendezvous;
    this.#unexpected = unexpected;
    this.#ended = ended;
  }

  /** A message begins to arrive; see {@link Landing}. */
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
        this.#rendezvous.answered(header[Word.request], header[Word.tag]);
        return NO_LANDING;
      case Kind.data:
        return this.#rendezvous.begin(header, bytes, bytesIn(header));
      case Kind.failure:
        return this.#beginFailure(header, bytes);
      case Kind.active:
        return this.#beginActive(header, bytes);
      case Kind.ended:
        this.#ended(source);
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

  /** A message whose payload is still elsewhere. */
  arrive(origin: number, header: Int32Array, announcement: Announcement): void {
    const context = contextIn(header);
    const message = messageIn(header, bytesIn(header));
    const error = this.#inspect(context, message);
    const posted = this.#contexts.of(context).match(message.source, message.tag);
    if (error !== undefined) {
      posted?.fail(error);
      return announcement.discard();
    }
    const arrival = new Arrival(message, origin, this.#unexpected, announcement);
    if (posted !== undefined) posted.take(arrival);
    else this.#keep(context, arrival);
  }

  /** Nothing will be received any more: senders that wait for that are told, now and from now on. */
  refuseAll(): void {
    this.#refuses = true;
    for (const arrival of this.#contexts.unreceived()) arrival.announcement?.refuse();
  }

  #beginMessage(origin: number, header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const posted = this.#contexts.of(context).match(header[Word.source], header[Word.tag]);
    const message = messageIn(header, bytes);
    const error = this.#inspect(context, message);
    if (error !== undefined) posted?.fail(error);
    else if (posted !== undefined) return posted.land(message, origin, this.#unexpected);
    const arrival = new Arrival(message, origin, this.#unexpected);
    if (error !== undefined) arrival.drop();
    else this.#keep(context, arrival);
    return arrival;
  }

  #inspect(context: number, message: Message): Error | undefined {
    return message.signature === NO_SIGNATURE
      ? undefined
      : this.#contexts.groupOf(context)?.inspect?.(message);
  }

  #keep(context: number, arrival: Arrival): void {
    if (this.#contexts.isFreed(context)) return arrival.drop();
    if (this.#contexts.anyRevoked && this.#contexts.isRevoked(context)) return arrival.discard();
    this.#contexts.of(context).keep(arrival);
    if (this.#refuses) arrival.announcement?.refuse();
  }

  #beginFailure(header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const [rank, sequence] = [header[Word.source], header[Word.tag]];
    const memory = new Uint8Array(bytes);
    const done = (): void => {
      const text = new TextDecoder().decode(memory);
      this.#contexts.tell(context, (group) => group.remoteFailure?.(sequence, rank, text));
    };
    return { memory, done };
  }

  #beginActive(header: Int32Array, bytes: number): Landing {
    const context = contextIn(header);
    const memory = new Uint8Array(bytes);
    const message = messageIn(header, bytes);
    return { memory, done: () => this.#contexts.tell(context, (group) => group.active?.(message, memory)) };
  }

  /** A payload is announced; what follows says where it is, if this rank can copy it by itself. */
  #beginRequest(origin: number, header: Int32Array, ticketBytes: number): Landing {
    const ticket = ticketBytes === 0 ? NOTHING : new Uint8Array(ticketBytes);
    const announcement = this.#rendezvous.announcement(origin, header[Word.request], ticket);
    if (ticketBytes === 0) {
      this.arrive(origin, header, announcement);
      return NO_LANDING;
    }
    const envelope = header.slice();
    return { memory: ticket, done: () => this.arrive(origin, envelope, announcement) };
  }

  /** A sender wants an announced message back: it gets it if nobody has taken it yet. */
  #withdraw(origin: number, context: number, id: number): void {
    const { arrived } = this.#contexts.of(context);
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) {
      if (arrival.origin !== origin || arrival.announcement?.id !== id) continue;
      arrived.remove(arrival);
      this.#unexpected.remove(arrival);
      return this.#rendezvous.giveBack(origin, id);
    }
  }
}

function messageIn(header: Int32Array, bytes: number): Message {
  const kind = header[Word.signature];
  const signature = kind === 0 ? NO_SIGNATURE : { kind, root: header[Word.root], count: header[Word.count] };
  return { code: header[Word.code], source: header[Word.source], tag: header[Word.tag], bytes, signature };
}
