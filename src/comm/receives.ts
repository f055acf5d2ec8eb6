import { checkRank, checkTag } from "./arguments.js";
import { RecordedSite, UNKNOWN_SITE } from "./call-site.js";
import { checkCall, NO_OPTIONS } from "./call-options.js";
import type { Calls } from "./calls.js";
import type { Members } from "./collectives/call.js";
import { isTypedArray } from "./envelope.js";
import { isStrided, type Strided } from "./layout.js";
import type { Limited } from "./limit.js";
import { MatchedMessage } from "./matched-message.js";
import type { Arrival } from "./arrival.js";
import { Receive } from "./receive.js";
import { MatchedProbe, Probe } from "./probe.js";
import { failed, NullReceive, type Operation } from "./request.js";
import {
  ANY_SOURCE,
  ANY_TAG,
  type CallOptions,
  PROC_NULL,
  type RecvOptions,
  type Request,
  type Selection,
  type Status,
  type TypedArray,
} from "./types.js";

/** Where a message comes from, or goes to. */
export type Buffer = TypedArray | Strided;

type Receiving = "recv" | "recvInit" | "sendrecv" | "probe" | "mprobe" | "iprobe" | "improbe";

/** The receives and probes of a communicator: those that end early, that look for nothing, that fill a layout. */
export class Receives {
  readonly #members: Members;
  readonly #calls: Calls;

  constructor(members: Members, calls: Calls) {
    this.#members = members;
    this.#calls = calls;
  }

  /** @throws {RangeError | TypeError} If an argument is wrong. */
  check(op: Receiving, source: number, tag: number, options: CallOptions & Selection): void {
    checkCall(this.#members, op, options);
    if (source !== ANY_SOURCE) checkRank(this.#members, op, "source", source);
    if (tag !== ANY_TAG) checkTag(this.#members, op, tag);
  }

  /** Posts a receive whose arguments have been checked. */
  post(
    op: string,
    source: number,
    tag: number,
    into: Buffer | undefined,
    options: CallOptions,
  ): Operation<unknown> {
    const { engine, id } = this.#members;
    if (source === PROC_NULL) {
      const nothing = new NullReceive<unknown>(engine);
      nothing.complete(isStrided(into) ? into.data : into);
      return nothing;
    }
    const receive = this.#receive(source, tag, into);
    if (this.#begin(receive, op, source, tag, options)) engine.enter(id, receive);
    return receive;
  }

  probe({ source = ANY_SOURCE, tag = ANY_TAG, ...options }: RecvOptions): Request<Status> {
    const { engine, id } = this.#members;
    if (source === PROC_NULL) {
      const nothing = new NullReceive<Status>(engine);
      nothing.complete(nothing.status);
      return nothing;
    }
    const probe = new Probe(engine, source, tag);
    if (this.#begin(probe, "probe", source, tag, options)) engine.probe(id, probe);
    return located(this.#members, probe, "probe", source, tag);
  }

  iprobe({ source = ANY_SOURCE, tag = ANY_TAG }: Selection): Status | undefined {
    const { engine, id } = this.#members;
    if (source === PROC_NULL) return new NullReceive(engine).status;
    return engine.peek(id, new Probe(engine, source, tag), false)?.status;
  }

  mprobe({ source = ANY_SOURCE, tag = ANY_TAG, ...options }: RecvOptions): Request<MatchedMessage> {
    const { engine, id } = this.#members;
    if (source === PROC_NULL) {
      const nothing = new NullReceive<MatchedMessage>(engine);
      nothing.complete(this.#noMessage());
      return nothing;
    }
    const probe = new MatchedProbe(engine, source, tag, (arrival) => this.#matched(arrival));
    if (this.#begin(probe, "mprobe", source, tag, options)) engine.enter(id, probe);
    return located(this.#members, probe, "mprobe", source, tag);
  }

  improbe({ source = ANY_SOURCE, tag = ANY_TAG }: Selection): MatchedMessage | undefined {
    const { engine, id } = this.#members;
    if (source === PROC_NULL) return this.#noMessage();
    const arrival = engine.peek(id, new Probe(engine, source, tag), true);
    return arrival && this.#matched(arrival);
  }

  #receive(source: number, tag: number, into: Buffer | undefined): Receive {
    const { engine } = this.#members;
    if (into === undefined || isTypedArray(into)) return new Receive(engine, source, tag, into);
    checkBuffer("recv", into);
    const { data, layout, offset } = into;
    const dense = new (data.constructor as new (length: number) => TypedArray)(layout.count);
    return new Receive(engine, source, tag, dense, (filled) => {
      layout.unpack(filled, data, offset);
      return data;
    });
  }

  /** Applies what may end a receive or a probe early; false if it has ended already. */
  #begin(
    posted: Receive | Probe | MatchedProbe<MatchedMessage>,
    op: string,
    source: number,
    tag: number,
    { signal, timeoutMs = this.#calls.timeoutMs }: CallOptions,
  ): boolean {
    if (signal === undefined && timeoutMs === Infinity) return true;
    if (signal?.aborted) posted.fail(signal.reason);
    else
      this.#members.engine.limit(
        posted,
        limitedCall(this.#members, op, source, tag),
        { signal, timeoutMs },
        (reason) => posted.withdraw(reason),
      );
    return !posted.settled;
  }

  #matched(arrival: Arrival): MatchedMessage {
    const { engine } = this.#members;
    return new MatchedMessage(engine, arrival.status, (into) => {
      this.#calls.messages.recv++;
      try {
        const receive = this.#receive(arrival.source, arrival.tag, into);
        arrival.deliver(receive);
        return receive;
      } catch (error) {
        return failed(engine, error);
      }
    });
  }

  #noMessage(): MatchedMessage {
    const { engine } = this.#members;
    return new MatchedMessage(engine, new NullReceive(engine).status, (into) =>
      this.post("recv", PROC_NULL, ANY_TAG, into, NO_OPTIONS),
    );
  }
}

/** From now on the request's errors are told where it was started, not where they come from. */
export function located<O extends Operation<unknown>>(
  { engine, name }: Members,
  operation: O,
  op: string,
  peer: number,
  tag: number,
): O {
  operation.site = engine.check
    ? new RecordedSite(`${op}, peer ${peer}, tag ${tag}, "${name}"`, engine.openSites)
    : UNKNOWN_SITE;
  return operation;
}

/** A call, for the error of its limit. */
export function limitedCall({ name, rank }: Members, op: string, peer: number, tag: number): Limited {
  return { op, comm: name, rank, peer, tag };
}

/** @throws If it is neither an array nor a layout that fits its array. */
export function checkBuffer(op: string, buffer: unknown): void {
  if (isStrided(buffer)) buffer.layout.check(op, buffer.data, buffer.offset ?? 0);
  else if (!isTypedArray(buffer))
    throw new TypeError(`${op}: the buffer is ${typeof buffer}; use a typed array or { data, layout }`);
}
