import { awaitingPlace } from "./call-place.js";
import type { Engine } from "./engine.js";
import { ANY_SOURCE, ANY_TAG } from "./types.js";

/** A collective that has not come to an end on a rank. */
export interface RunningCall {
  readonly sequence: number;
  /** As in `allreduce(sum, float64 × 3)`. */
  readonly call: string;
  /** Where it is awaited, as `file:line:column`; "" if it is not, or that could not be found out. */
  place: string;
}

/** What a rank has called on a communicator. */
export interface CommState {
  /** The same on all its ranks. */
  readonly id: number;
  readonly name: string;
  /** In the world; `undefined`: all. */
  readonly ranks?: readonly number[] | undefined;
  /** Collectives that have begun, and with sends and receives. */
  readonly begun: number;
  readonly calls: number;
  readonly running: readonly (RunningCall & Findable)[];
  /** The latest ones, the running included, in no order. */
  readonly recent: readonly { readonly sequence: number; readonly call: string }[];
}

/** A receive, probe or send of the user's that waits. */
export interface PendingMessage {
  readonly what: "recv" | "send";
  readonly comm: string;
  /** The other rank, in the world; `undefined`: any. */
  readonly peer: number | undefined;
  /** `undefined`: any. */
  readonly tag: number | undefined;
  place: string;
}

/** What a rank is doing: what it tells of itself, as JSON, when the launcher inquires. */
export interface RankState {
  /** Changes whenever this rank begins something. */
  readonly progress: number;
  /** Since its event loop turned. */
  readonly busyMs: number;
  /** Somebody waits for a request. */
  readonly waits: boolean;
  /** Where the program is, if it was interrupted. */
  readonly place: string;
  readonly comms: readonly CommState[];
  /** The first ones. */
  readonly pending: readonly PendingMessage[];
  readonly pendingCount: number;
}

interface Findable {
  /** Finds out where it is awaited. */
  readonly where?: () => Promise<string>;
}

/** So many messages are told one by one. */
const MOST_PENDING = 16;
/** What is awaited says so in a few turns of the queue of microtasks, unless it ends meanwhile. */
const PLACE_MS = 100;
/** How closely it is known since when an event loop has not turned. */
const TURN_MS = 500;

/** Where the agent finds what tells the state of a rank that it has interrupted; see launcher/interview.ts. */
const HANDLE = Symbol.for("tsmpi.rank-state");

/** Tells what its rank is doing: to whoever asks over the control channel, or has interrupted the program. */
export class StateTeller {
  readonly #engine: Engine;
  #turnedMs = performance.now();
  #interrupted = false;
  #telling = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    setInterval(() => this.#turn(), TURN_MS).unref();
    Object.defineProperty(globalThis, HANDLE, { value: () => this.#tellInterrupted() });
  }

  /** With the places where the program waits. */
  async tell(): Promise<string> {
    const state = this.#read("", 0);
    this.#telling = true;
    const waiting = [...state.comms.flatMap(({ running }) => running), ...state.pending];
    await Promise.all(waiting.map(find));
    this.#telling = false;
    return JSON.stringify(state);
  }

  /** In the middle of whatever the program does: only reads. */
  #tellInterrupted(): string {
    this.#interrupted = true;
    const place = this.#telling ? "" : awaitingPlace(); // else it would find itself, slowly reading its source map
    return JSON.stringify(this.#read(place, performance.now() - this.#turnedMs));
  }

  #turn(): void {
    this.#turnedMs = performance.now();
    if (!this.#interrupted) return;
    this.#interrupted = false;
    void import("node:inspector").then(({ close }) => close()); // nobody is to find it open
  }

  #read(place: string, busyMs: number): RankState {
    const { statistics, communicators, hasSleepers } = this.#engine;
    const pending = [...receives(this.#engine), ...sends(this.#engine)];
    return {
      progress: communicators.reduce((sum, { calls }) => sum + calls, statistics.messagesSent),
      busyMs,
      waits: hasSleepers,
      place,
      comms: communicators.filter(({ begun }) => begun > 0),
      pending: pending.slice(0, MOST_PENDING),
      pendingCount: pending.length,
    };
  }
}

async function find(waiting: { place: string } & Findable): Promise<void> {
  const { where } = waiting;
  if (waiting.place !== "" || where === undefined) return;
  const late = new Promise<string>((resolve) => setTimeout(() => resolve(""), PLACE_MS));
  waiting.place = await Promise.race([where(), late]);
}

function* receives(engine: Engine): Iterable<PendingMessage & Findable> {
  for (const [{ name, ranks }, { posted, probes }] of engine.pending())
    for (const queue of [posted, probes])
      for (let call = queue.first; call !== undefined; call = call.next) {
        const waiting = call;
        const { source, tag } = call;
        yield {
          what: "recv",
          comm: name,
          peer: source === ANY_SOURCE ? undefined : ranks[source],
          tag: tag === ANY_TAG ? undefined : tag,
          place: "",
          where: () => waiting.where(),
        };
      }
}

function* sends(engine: Engine): Iterable<PendingMessage & Findable> {
  for (const { dest, context, tag, operation } of engine.rendezvous.announced) {
    const comm = engine.nameOf(context);
    if (context % 2 === 0)
      yield { what: "send", comm, peer: dest, tag, place: "", where: () => operation.where() };
  }
}
