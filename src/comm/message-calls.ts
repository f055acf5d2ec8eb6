import { checkBytes } from "./arguments.js";
import type { PointToPoint, ReceivedMessage } from "./api/point-to-point.js";
import { type CallName, checkCall, NO_OPTIONS, problemWith } from "./call-options.js";
import { Calls } from "./calls.js";
import type { Call, Members } from "./collectives/call.js";
import type { Agreement } from "./collectives/signature.js";
import type { BoardCall } from "./collectives/in-memory/board-call.js";
import { NativeCalls } from "./collectives/native.js";
import { collectiveContext } from "./context-id.js";
import type { Engine } from "./engine.js";
import { isStrided, type Strided } from "./layout.js";
import type { MatchedMessage } from "./matched-message.js";
import { Persistent } from "./persistent.js";
import { type Buffer, checkBuffer, limitedCall, located, Receives } from "./receives.js";
import { failed, type Operation } from "./request.js";
import { gathered, Sends } from "./sends.js";
import { limitedTask, Task } from "./task.js";
import type {
  CallOptions,
  CommunicatorOptions,
  Into,
  RecvOptions,
  Request,
  Selection,
  SendOptions,
  SendRecvOptions,
  Status,
  TypedArray,
} from "./types.js";
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
  readonly id: number;
  readonly native: NativeCalls | undefined;
  protected readonly calls: Calls;
  readonly #receives: Receives;
  readonly #sends: Sends;

  /** @param ranks - World ranks of the members, by their rank in this communicator. */
  constructor(engine: Engine, id: number, ranks: readonly number[], name: string) {
    this.engine = engine;
    this.name = name;
    this.ranks = ranks;
    this.rank = ranks.indexOf(engine.transport.rank);
    this.size = ranks.length;
    this.id = id;
    this.context = collectiveContext(id);
    this.calls = new Calls(this);
    this.#sends = new Sends(this, this.calls);
    this.#receives = new Receives(this, this.calls);
    engine.register(id, this.calls);
    engine.register(this.context, this.calls);
    const { native } = engine.transport;
    this.native = native && new NativeCalls(this, native, this.calls);
  }

  get timeoutMs(): number {
    return this.calls.timeoutMs;
  }

  send(value: unknown, dest: number, options: SendOptions = NO_OPTIONS): Request {
    this.calls.messages.send++;
    const { tag = 0, mode, signal } = options;
    try {
      this.#sends.check("send", dest, tag, options);
      if (mode === undefined && signal === undefined && dest !== PROC_NULL && !this.engine.check) {
        const sent = this.#sends.small(value, dest, tag);
        if (sent !== undefined) return done(this.engine, sent);
      }
      return located(this, this.#sends.post("send", value, dest, tag, options), "send", dest, tag);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  recv<A extends TypedArray>(options: RecvOptions & Into<A | Strided<A>>): Request<A>;
  recv<T = unknown>(options?: RecvOptions): Request<T>;
  recv(options: RecvOptions & Partial<Into<Buffer>> = NO_OPTIONS): Request<unknown> {
    this.calls.messages.recv++;
    const { source = ANY_SOURCE, tag = ANY_TAG, into } = options;
    try {
      this.#receives.check("recv", source, tag, options);
      return located(this, this.#receives.post("recv", source, tag, into, options), "recv", source, tag);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  sendrecv<A extends TypedArray>(value: unknown, options: SendRecvOptions & Into<A | Strided<A>>): Request<A>;
  sendrecv<T = unknown>(value: unknown, options: SendRecvOptions): Request<T>;
  sendrecv(value: unknown, options: SendRecvOptions & Partial<Into<Buffer>>): Request<unknown> {
    this.calls.messages.sendrecv++;
    return this.#sendrecv("sendrecv", value, options);
  }

  sendrecvReplace<A extends TypedArray>(buffer: A | Strided<A>, options: SendRecvOptions): Request<A>;
  sendrecvReplace(buffer: Buffer, options: SendRecvOptions): Request<unknown> {
    this.calls.messages.sendrecvReplace++;
    try {
      const copy = isStrided(buffer) ? gathered(buffer) : buffer.slice();
      checkCall(this, "sendrecvReplace", options);
      return this.#sendrecv("sendrecv", copy, { ...options, into: buffer });
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  probe(options: RecvOptions = NO_OPTIONS): Request<Status> {
    this.calls.messages.probe++;
    return this.#looked("probe", options, () => this.#receives.probe(options));
  }

  iprobe(selection: Selection = NO_OPTIONS): Status | undefined {
    this.calls.messages.iprobe++;
    this.#checkRecv("iprobe", selection);
    return this.#receives.iprobe(selection);
  }

  mprobe(options: RecvOptions = NO_OPTIONS): Request<MatchedMessage> {
    this.calls.messages.mprobe++;
    return this.#looked("mprobe", options, () => this.#receives.mprobe(options));
  }

  improbe(selection: Selection = NO_OPTIONS): MatchedMessage | undefined {
    this.calls.messages.improbe++;
    this.#checkRecv("improbe", selection);
    return this.#receives.improbe(selection);
  }

  async *messages<T = unknown>(options: RecvOptions = NO_OPTIONS): AsyncIterableIterator<ReceivedMessage<T>> {
    for (;;) {
      const request = this.recv<T>(options);
      const value = await request;
      if (request.status !== undefined) yield { value, status: request.status };
    }
  }

  sendInit(
    buffer: Buffer,
    dest: number,
    options: Pick<SendOptions, "tag" | "mode"> = NO_OPTIONS,
  ): Persistent<void> {
    const { tag = 0, mode = "standard" } = options;
    this.#sends.check("sendInit", dest, tag, options);
    checkBuffer("sendInit", buffer);
    return new Persistent(this.engine, `sendInit to rank ${dest}, tag ${tag}`, () =>
      this.#sends.post("sendInit", buffer, dest, tag, { mode, timeoutMs: this.calls.timeoutMs }),
    );
  }

  recvInit<A extends TypedArray>(buffer: A | Strided<A>, selection?: Selection): Persistent<A>;
  recvInit(buffer: Buffer, selection: Selection = NO_OPTIONS): Persistent<unknown> {
    const { source = ANY_SOURCE, tag = ANY_TAG } = selection;
    this.#receives.check("recvInit", source, tag, selection);
    checkBuffer("recvInit", buffer);
    return new Persistent(this.engine, `recvInit from rank ${source}, tag ${tag}`, () =>
      this.#receives.post("recvInit", source, tag, buffer, NO_OPTIONS),
    );
  }

  progress(): void {
    this.engine.progress();
  }

  flushBuffer(options: CallOptions = NO_OPTIONS): Request {
    this.calls.messages.flushBuffer++;
    try {
      checkCall(this, "flushBuffer", options);
      const { signal, timeoutMs = this.calls.timeoutMs } = options;
      const what = limitedCall(this, "flushBuffer", ANY_SOURCE, ANY_TAG);
      return limitedTask(this.engine, what, { signal, timeoutMs }, () => this.#sends.buffer.flush());
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  configure(options: CommunicatorOptions): void {
    checkCall(this, "configure", options);
    const { timeoutMs, bufferBytes } = options;
    if (bufferBytes !== undefined) checkBytes(this, "configure", "bufferBytes", bufferBytes);
    if (timeoutMs !== undefined) this.calls.timeoutMs = timeoutMs;
    if (bufferBytes !== undefined) this.#sends.buffer.limit = bufferBytes;
  }

  /** Starts a collective over messages: what is wrong with its options is told to all ranks. */
  protected begin<T>(
    agreement: Agreement,
    options: CallOptions,
    run: (call: Call) => Promise<T>,
    name: CallName = agreement.name,
  ): Request<T> {
    const wrong = problemWith(this, name, options);
    return wrong === undefined
      ? this.calls.start(agreement, run, options)
      : this.calls.start(agreement, () => Promise.reject(wrong));
  }

  /** A collective that has been started in memory, with what may end it early. */
  protected limited(started: BoardCall, options: CallOptions): BoardCall {
    if (options.signal !== undefined || options.timeoutMs !== undefined || this.calls.timeoutMs < Infinity)
      this.calls.limit(started.call, started, options);
    return started;
  }

  #sendrecv(
    op: "sendrecv",
    value: unknown,
    options: SendRecvOptions & Partial<Into<Buffer>>,
  ): Request<unknown> {
    const { dest, source = ANY_SOURCE, sendTag = 0, recvTag = ANY_TAG, into } = options;
    try {
      this.#sends.check(op, dest, sendTag, options);
      this.#receives.check(op, source, recvTag, options);
      const receive = located(
        this,
        this.#receives.post(op, source, recvTag, into, options),
        op,
        source,
        recvTag,
      );
      const sent = located(this, this.#sends.post(op, value, dest, sendTag, options), op, dest, sendTag);
      const both = async (): Promise<unknown> => {
        await sent;
        return receive;
      };
      return new Task(this.engine, both(), receive);
    } catch (error) {
      return failed(this.engine, error);
    }
  }

  #checkRecv(op: "iprobe" | "improbe", selection: Selection): void {
    const { source = ANY_SOURCE, tag = ANY_TAG } = selection;
    this.#receives.check(op, source, tag, selection);
  }

  #looked<T>(op: "probe" | "mprobe", options: RecvOptions, look: () => Request<T>): Request<T> {
    const { source = ANY_SOURCE, tag = ANY_TAG } = options;
    try {
      this.#receives.check(op, source, tag, options);
      return look();
    } catch (error) {
      return failed(this.engine, error);
    }
  }
}

/** What a send returns that is complete already: `await` has a short way for promises of its own kind. */
const SENT: Request = Object.assign(Promise.resolve(), { test: () => true, status: undefined });

function done(engine: Engine, sent: Operation<void>): Request {
  return sent === engine.sent ? SENT : sent;
}
