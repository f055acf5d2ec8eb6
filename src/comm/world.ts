import { hostname } from "node:os";
import { isMainThread, threadId } from "node:worker_threads";
import type { Boot, Control } from "./boot.js";
import { GroupCommunicator } from "./communicator.js";
import { WORLD_CONTEXT } from "./context-id.js";
import { connectControl } from "./control.js";
import { endSignal } from "./end-signal.js";
import { Engine } from "./engine.js";
import { reportMessages, reportRequests, reportStrangers } from "./leftovers.js";
import { env } from "../env.js";
import { checkOptions } from "../options.js";
import { missingPlugin, startedByMpi } from "./transports/mpi/find.js";
import { StateTeller } from "./rank-state.js";
import { recordForLauncher } from "./recording.js";
import { selfTransport } from "./transports/self.js";
import { ShmTransport } from "./transports/shm.js";
import { HostsTransport } from "./transports/hosts.js";
import type { Sink, TransportKind } from "./transports/transport.js";
import { type Serializer, useSerializer } from "./serializer.js";
import { Trace } from "./trace.js";
import type { Communicator } from "./types.js";

/** The communicator of all ranks of the job, and where this rank runs. */
export interface World extends Communicator {
  /** How messages travel. */
  readonly transport: TransportKind;
  readonly host: string;
  /** Place among the ranks of this host, and how many those are. */
  readonly localRank: number;
  readonly localSize: number;
  /** Place of this host among the job's hosts, and how many those are. */
  readonly nodeRank: number;
  readonly nodes: number;
  /** Slots of the job: how many ranks its hosts are meant for, which may be more or fewer than there are. */
  readonly universeSize: number;
  /** Which program of a job of several programs this is. */
  readonly appnum: number;
  /** 0, and one more each time the job was started again. */
  readonly attempt: number;
  /**
   * Fires when this rank is told to end, by SIGINT (the first Ctrl-C) or SIGTERM: for receives and collectives that wait,
   * and to save what has been done. A program that has asked for it is not ended by that signal, but by the next one;
   * tsmpirun gives it `--kill-grace` seconds after SIGTERM.
   */
  readonly signal: AbortSignal;
  /** What this rank notes of its own course. */
  readonly trace: Trace;
  /** Ends the job on all ranks with this exit code (0 counts as 1), and does not return. */
  abort(code?: number, reason?: string): never;
}

export interface InitOptions {
  /** For values that are neither typed arrays, numbers nor small and plain; default: `v8.serialize`. */
  serializer?: Serializer;
}

let world: Promise<World> | undefined;

/**
 * Joins the job that tsmpirun has started; in a plain `node script.js`, a world of one rank. Every call returns the same
 * world. Local for ranks of one host; over a network it waits until every rank can be reached.
 *
 * There is nothing to finalize: when the program has nothing left to do, the rank delivers what it has sent, tells the
 * others that it will send no more, and ends. A rank that waits for one that has ended fails instead of hanging.
 *
 * Only the main thread of a rank communicates; it makes the calls of worker threads, see {@link Communicator.transfer}.
 *
 * @param options - Also those of later calls hold from then on; all ranks pass the same.
 * @throws {Error} If the shared memory cannot be mapped or no port can be opened, or in a worker thread of a rank.
 */
export async function init(options: InitOptions = {}): Promise<World> {
  checkOptions("init", options, ["serializer"]);
  if (options.serializer !== undefined) useSerializer(options.serializer);
  return (world ??= join());
}

async function join(): Promise<World> {
  if (!isMainThread && env.controlFd !== undefined) {
    throw new Error(
      `init: called from worker thread ${threadId} of a rank; only its main thread communicates: pass the thread a handle, comm.transfer()`,
    );
  }
  const control = (await connectControl()) ?? (await meetOthers());
  if (control === undefined) return joinMpi();
  const { boot } = control;
  const engine = await connect(control);
  const joined = new WorldCommunicator(engine, boot, control);
  const teller = new StateTeller(engine);
  control.onInquiry(() => teller.tell());
  recordForLauncher(joined, control);
  control.onGone((ranks) => {
    engine.progress(); // what they sent before is there already
    for (const rank of ranks) if (rank !== boot.rank) engine.lost(rank, new Error("which has finished"));
  });
  process.once("beforeExit", () => void finalize(engine, control));
  return joined;
}

/** The channel of ranks that meet by themselves, which few programs need; see {@link meet}. */
async function meetOthers(): Promise<Control | undefined> {
  const { address, port } = env.meeting;
  if (address === undefined || port === undefined) return undefined;
  const { meet } = await import("./meeting/control.js");
  return meet();
}

/** A rank of a real MPI, if one has started this process; otherwise a world of one. */
async function joinMpi(): Promise<World> {
  const missing = missingPlugin(env.mpi);
  if (missing !== undefined) throw new Error(missing);
  if (!startedByMpi(env.mpi)) return new WorldCommunicator(new Engine(() => selfTransport), ALONE, undefined);
  const { joinMpiJob, MpiEnding, MpiTransport } = await import("./transports/mpi.js");
  const job = joinMpiJob();
  const connected: { transport?: InstanceType<typeof MpiTransport> } = {};
  const engine = new Engine((sink) => (connected.transport = new MpiTransport(job, sink)));
  const { transport } = connected;
  if (transport === undefined) throw new Error("mpi: the engine has not connected");
  const ending = new MpiEnding(transport, () => {
    const ended = finish(engine, job.rank);
    reportMessages(engine, job.rank);
    return ended;
  });
  const { size, host, hosts, rank, localRank, localSize } = job;
  const nodes = Math.max(...hosts) + 1;
  const { appnum = 0 } = env;
  const place = { size, host, localRank, localSize, nodeRank: hosts[rank], nodes, appnum, attempt: 0 };
  return new WorldCommunicator(engine, place, ending);
}

async function connect(control: Control): Promise<Engine> {
  const { boot } = control;
  if (boot.transport === "shm" || (boot.transport === "auto" && boot.nodes === 1)) {
    const engine = new Engine((sink) => new ShmTransport(boot, sink));
    void control.hello("");
    return engine;
  }
  const open =
    boot.transport === "zmq"
      ? (await import("./transports/zmq.js")).openZmq
      : (await import("./transports/tcp.js")).openTcp;
  // The port must be open before its address can be told; nothing arrives before `connect`.
  let joined: Sink | undefined;
  const sink: Sink = {
    begin: (...message) => present(joined).begin(...message),
    ended: (peer) => present(joined).ended(peer),
    lost: (...loss) => present(joined).lost(...loss),
  };
  const { endpoint, connect } = await open(boot, sink);
  const book = await control.hello(endpoint);
  // Ranks that share memory with others use it, unless they are told to use the network for all.
  const mixed = boot.transport === "auto" && boot.localSize > 1;
  return new Engine((engine) => {
    joined = engine;
    const network = connect(book);
    return mixed ? new HostsTransport(boot.hosts, new ShmTransport(boot, engine), network) : network;
  });
}

async function finalize(engine: Engine, control: Control): Promise<void> {
  await finish(engine, control.boot.rank);
  await engine.transport.close();
  await control.finalize();
  reportMessages(engine, control.boot.rank);
  reportStrangers(engine, control.boot.rank);
}

/** Delivers what this rank still has to, and answers others until nobody can ask. */
async function finish(engine: Engine, rank: number): Promise<void> {
  engine.progress();
  reportRequests(engine, rank);
  await engine.end();
  await engine.settle();
}

class WorldCommunicator extends GroupCommunicator implements World {
  readonly transport: World["transport"];
  readonly host: string;
  readonly localRank: number;
  readonly localSize: number;
  readonly nodeRank: number;
  readonly nodes: number;
  readonly universeSize: number;
  readonly appnum: number;
  readonly attempt: number;
  readonly trace = new Trace(this.rank);
  readonly #control: Pick<Control, "abort"> | undefined;
  #signal: AbortSignal | undefined;

  constructor(engine: Engine, place: Place, control: Pick<Control, "abort"> | undefined) {
    super(
      engine,
      WORLD_CONTEXT,
      Array.from({ length: place.size }, (_, rank) => rank),
      "world",
    );
    this.transport = engine.transport.kind;
    this.host = place.host;
    this.localRank = place.localRank;
    this.localSize = place.localSize;
    this.nodeRank = place.nodeRank;
    this.nodes = place.nodes;
    this.universeSize = env.universeSize ?? place.size;
    this.appnum = place.appnum;
    this.attempt = place.attempt;
    this.#control = control;
  }

  get signal(): AbortSignal {
    return (this.#signal ??= endSignal());
  }

  abort(code = 1, reason = "the program aborted the job"): never {
    if (this.#control !== undefined) return this.#control.abort(code, reason);
    console.error(`tsmpi: ${reason}`);
    process.exit(code >= 1 && code <= 255 ? code : 1);
  }
}

type Place = Pick<
  Boot,
  "size" | "host" | "localRank" | "localSize" | "nodeRank" | "nodes" | "appnum" | "attempt"
>;

const ALONE: Place = {
  size: 1,
  host: hostname(),
  localRank: 0,
  localSize: 1,
  nodeRank: 0,
  nodes: 1,
  appnum: 0,
  attempt: 0,
};

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("zmq: a message came before the address book");
  return value;
}
