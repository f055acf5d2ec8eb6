import type { Strided } from "../layout.js";
import type { MatchedMessage } from "../matched-message.js";
import type { Persistent } from "../persistent.js";
import type {
  CallOptions,
  Into,
  RecvOptions,
  Request,
  Selection,
  SendOptions,
  SendRecvOptions,
  Status,
  TypedArray,
} from "../types.js";

/**
 * Messages between two ranks. Those between the same two ranks on one communicator are matched in the order in which
 * they were sent, and receives in the order in which they were posted. `{ data, layout, offset }` stands for the
 * elements of an array that a {@link Layout} selects, wherever an array is sent or received.
 *
 * Small messages that nobody has asked for yet are held by the receiver, up to 1024 of them or 1 MiB from each sender;
 * beyond that, sends wait for their receives.
 */
export interface PointToPoint {
  /** Sends any value; complete when it may be changed. */
  send(value: unknown, dest: number, options?: SendOptions): Request;
  /**
   * Resolves when what buffered sends of this communicator hold has left this rank: with the receives of it. Fails with
   * the first one whose receiver has gone without it. Local.
   */
  flushBuffer(options?: CallOptions): Request;
  /** Resolves to the value; with `into`, to the part of `into` that was filled, or to the whole strided array. */
  recv<A extends TypedArray>(options: RecvOptions & Into<A | Strided<A>>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  /** Sends and receives at once, so that ranks can exchange without a deadlock; with the status of the receive. */
  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A | Strided<A>>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;
  /** The same with one buffer: what it held is sent, and what comes replaces it. Copies the buffer once. */
  sendrecvReplace<A extends TypedArray>(buffer: A | Strided<A>, options: SendRecvOptions): Request<A>;

  /** Waits until there is a message, and leaves it there: says who sent it, and how long it is. */
  probe(options?: RecvOptions): Request<Status>;
  /** The same for now: `undefined` if there is none. Local; moves messages on. */
  iprobe(selection?: Selection): Status | undefined;
  /** Waits until there is a message, and takes it: nobody but the holder of the result can receive it. */
  mprobe(options?: RecvOptions): Request<MatchedMessage>;
  /** The same for now: `undefined` if there is none. Local; moves messages on. */
  improbe(selection?: Selection): MatchedMessage | undefined;
  /** Receives one message after the other: `for await (const { value, status } of comm.messages({ tag: 7 }))`. */
  messages<T = unknown>(options?: RecvOptions): AsyncIterableIterator<ReceivedMessage<T>>;

  /** A send of the same buffer to the same rank, again and again. Sends nothing yet. Local. */
  sendInit(
    buffer: TypedArray | Strided,
    dest: number,
    options?: Pick<SendOptions, "tag" | "mode">,
  ): Persistent<void>;
  /** A receive into the same buffer, again and again. Receives nothing yet. Local. */
  recvInit<A extends TypedArray>(buffer: A | Strided<A>, selection?: Selection): Persistent<A>;

  /** Moves messages of this rank on: for long computations between calls. Local. */
  progress(): void;
}

/** A message and its envelope. */
export interface ReceivedMessage<T = unknown> {
  readonly value: T;
  readonly status: Status;
}
