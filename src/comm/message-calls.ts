import { checkRank, checkTag } from "./arguments.js";
import type { PointToPoint } from "./api/point-to-point.js";
import { Calls } from "./calls.js";
import type { Members } from "./collectives/call.js";
import { collectiveContext } from "./context-id.js";
import type { Engine } from "./engine.js";
import { pack } from "./envelope.js";
import { completed, failed } from "./request.js";
import { Task } from "./task.js";
import type { Into, RecvOptions, Request, SendOptions, SendRecvOptions, TypedArray } from "./types.js";
import { ANY_SOURCE, ANY_TAG, PROC_NULL } from "./types.js";

/**
 * The members of a communicator, its contexts, and messages between two of them; see {@link PointToPoint} for what the
 * methods do. The rest of a communicator builds on it: collective-calls.ts, then communicator.ts.
 *
 * Each communicator has two contexts, one for the user's messages and one for collectives, with ids derived from the
 * parent's, so that creating one sends no messages and no id is ever used again.
 */
export class MessageCalls implements PointToPoint, Members {
  readonly engine: Engine;
  name: string;
  readonly rank: number;
  readonly size: number;
  readonly ranks: readonly number[];
  readonly context: number;
  protected readonly id: number;
  protected readonly calls: Calls;

  /**
   * @param ranks - World ranks of the members, by their rank in this communicator.
   * @param boardIndex - Place in shared memory that all members know to be free for it, if there is one.
   */
  constructor(engine: Engine, id: number, ranks: readonly number[], name: string, boardIndex?: number) {
    this.engine = engine;
    this.name = name;
    this.ranks = ranks;
    this.rank = ranks.indexOf(engine.transport.rank);
    this.size = ranks.length;
    this.id = id;
    this.context = collectiveContext(id);
    const board = boardIndex === undefined ? undefined : engine.transport.board?.(boardIndex, ranks);
    this.calls = new Calls(this, board);
    engine.register(id, this.calls);
    engine.register(this.context, this.calls);
  }

  send(value: unknown, dest: number, { tag = 0 }: SendOptions = {}): Request {
    this.calls.count("send");
    try {
      checkRank(this, "send", "dest", dest);
      checkTag(this, "send", tag);
      return this.#send(value, dest, tag);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  recv<A extends TypedArray>(options: RecvOptions & Into<A>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  recv({
    source = ANY_SOURCE,
    tag = ANY_TAG,
    into,
  }: RecvOptions & Partial<Into<TypedArray>> = {}): Request<unknown> {
    this.calls.count("recv");
    try {
      if (source !== ANY_SOURCE) checkRank(this, "recv", "source", source);
      if (tag !== ANY_TAG) checkTag(this, "recv", tag);
      return this.#recv(source, tag, into);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;
  sendrecv(value: unknown, options: SendRecvOptions & Partial<Into<TypedArray>>): Request<unknown> {
    this.calls.count("sendrecv");
    const { dest, source = ANY_SOURCE, sendTag = 0, recvTag = ANY_TAG, into } = options;
    try {
      checkRank(this, "sendrecv", "dest", dest);
      if (source !== ANY_SOURCE) checkRank(this, "sendrecv", "source", source);
      checkTag(this, "sendrecv", sendTag);
      if (recvTag !== ANY_TAG) checkTag(this, "sendrecv", recvTag);
      const received = this.#recv(source, recvTag, into);
      const sent = this.#send(value, dest, sendTag);
      return new Task(
        this.engine,
        (async () => {
          await sent;
          return received;
        })(),
      );
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  #send(value: unknown, dest: number, tag: number): Request {
    if (dest === PROC_NULL) return completed(this.engine, undefined);
    const { code, bytes } = pack(value);
    return this.engine.send(
      { dest: this.ranks[dest], context: this.id, source: this.rank, tag },
      code,
      bytes,
    );
  }

  #recv(source: number, tag: number, into: TypedArray | undefined): Request<unknown> {
    if (source !== PROC_NULL) return this.engine.receive(this.id, source, tag, into);
    const request = completed<unknown>(this.engine, into);
    request.status = { source: PROC_NULL, tag: ANY_TAG, count: 0, bytes: 0 };
    return request;
  }
}
