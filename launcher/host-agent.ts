import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Boot } from "../src/comm/boot.js";
import type { ControlMessage, ProgramStart, Start, Target, UserFile } from "../src/comm/wire/messages.js";
import { segmentBytes } from "../src/comm/wire/segment.js";
import { koffiBinary } from "../src/native.js";
import { isOn, variableOf } from "../src/knobs.js";
import { addressOn, addressToward, parseTcpEndpoint } from "./address.js";
import { withCpus } from "./affinity.js";
import { wallClockMs } from "./clocks.js";
import { exitCodes } from "./errors.js";
import { createHostMemory, type HostMemory } from "./host-memory.js";
import { inspectorFlags } from "./inspector.js";
import { Interview } from "./interview.js";
import { Link } from "./link.js";
import { isCrowded, limitsOf } from "./rank-limits.js";
import { CONTROL_FD, FIRST_INHERITED_FD, type RankEvents, RankProcess } from "./rank-process.js";
import { probe, ProbePort } from "./probe.js";
import { openSession } from "./session.js";
import { type AgentConfig, PROGRAM } from "./start-agent.js";
import { root, version } from "./version.js";
import { messageOf } from "../src/thrown.js";

/** What is around an agent that is not a process of its own, but a task of srun. */
export interface Surroundings {
  /** Shared by all tasks of the host; `undefined`: the agent makes it for its own ranks. */
  readonly memory: HostMemory | undefined;
  /** CPUs to which its rank is bound already; 0: it is not. */
  readonly bound: number;
  /** Called when all agents of the job have come. */
  readonly met: () => void;
  /** Takes what ranks print; `undefined`: the launcher does. */
  readonly write: ((stream: 1 | 2, bytes: Uint8Array, written: () => void) => void) | undefined;
  /** Ends the agent, with the exit code of the job; or because the launcher has gone. */
  readonly leave: (code: number, how: "dismissed" | "abandoned") => void;
}

const NOTHING_AROUND: Surroundings = {
  memory: undefined,
  bound: 0,
  met: () => undefined,
  write: undefined,
  leave: (code, how) => process.exit(how === "abandoned" ? code : 0),
};

/**
 * The agent: tsmpirun's process on one host. It starts that host's ranks, carries their output and their control
 * messages, and ends them when it is told to, or when the launcher has gone.
 */
export class Agent {
  readonly #config: AgentConfig;
  readonly #link: Link;
  readonly #output: OutputWindow;
  readonly #session = openSession();
  readonly #address: string;
  readonly #around: Surroundings;
  #ranks: RankProcess[] = [];
  #interviews = new Map<number, Interview>();
  #drained = 0;
  /** Where the agents of other hosts find out that they reach this one, until ranks start. */
  #probed: ProbePort | undefined;
  /** The launcher has answered. */
  #greeted = false;
  #oomKills = 0;

  constructor(config: AgentConfig, address: string, around = NOTHING_AROUND) {
    this.#config = config;
    this.#around = around;
    this.#address = address;
    process.on("exit", () => this.#session.remove());
    const { endpoint, invitation, heartbeatMs } = config;
    this.#link = new Link({
      endpoint,
      invitation,
      heartbeatMs,
      receive: (message, encoded) => this.#receive(message, encoded),
      lost: (reason) => this.#lost(reason),
    });
    this.#output = new OutputWindow((paused) => this.#ranks.forEach((rank) => rank.pause(paused)));
    void this.#greet();
  }

  async #greet(): Promise<void> {
    const { nodeRank, ports, rankKeys, among } = this.#config;
    try {
      if (among > 1) this.#probed = await ProbePort.open(this.#address, ports, rankKeys.key, nodeRank);
      const at = this.#probed?.endpoint ?? "";
      this.#link.send({ kind: "agent-hello", nodeRank, pid: process.pid, version, probe: at });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #probe(targets: readonly Target[]): Promise<void> {
    const { rankKeys, heartbeatMs } = this.#config;
    const failures = await probe(targets, rankKeys.key, Math.min(heartbeatMs, PROBE_MS));
    this.#link.send({ kind: "probed", failures });
  }

  /** The launcher has gone: nothing of the job stays. */
  abandon(): void {
    for (const rank of this.#ranks) rank.kill("SIGKILL");
    void this.#link.close();
    this.#around.leave(exitCodes.launcher, "abandoned");
  }

  /** Passes a signal on to its ranks. */
  forward(name: NodeJS.Signals): void {
    for (const rank of this.#running()) rank.kill(name);
  }

  #lost(reason: string): void {
    if (!this.#greeted)
      process.stderr.write(`no way back to tsmpirun at ${this.#config.endpoint}: ${reason}\n`);
    this.abandon();
  }

  #receive(message: ControlMessage, encoded: Uint8Array): void {
    this.#greeted = true;
    switch (message.kind) {
      case "probe":
        return void this.#probe(message.targets);
      case "start":
        return this.#start(message.start);
      case "address-book":
      case "finalized":
      case "gone":
        return this.#relay(encoded);
      case "inquiry":
        return this.#interviews.forEach((interview) => interview.ask(message, encoded));
      case "consumed":
        return this.#output.consumed(message.bytes);
      case "input":
        return this.#feed(message.bytes);
      case "signal":
        return void (isSignal(message.name) && this.forward(message.name));
      case "stop":
        return this.#stop(message.graceMs);
      case "clock":
        return this.#link.send({ ...message, ms: wallClockMs() });
      case "alive":
        return;
      case "bye":
        return void this.#link.close().then(() => this.#around.leave(message.code, "dismissed"));
    }
  }

  #relay(encoded: Uint8Array): void {
    for (const rank of this.#ranks) rank.relay(encoded);
  }

  #start(start: Start): void {
    this.#around.met();
    this.#probed?.close();
    try {
      this.#launch(start);
    } catch (error) {
      for (const rank of this.#ranks) rank.kill("SIGKILL");
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const text = messageOf(error);
    this.#link.send({ kind: "agent-failed", code: exitCodes.launcher, text });
  }

  #launch(start: Start): void {
    const own = this.#keep(start.files);
    const directories = start.programs.map((program) => this.#directoryOf(program, start.host, own));
    const files = start.programs.map(({ code, sourceMap }, i) => {
      if (code.length === 0) return undefined;
      const folder = join(this.#session.folder, `${i}`);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, PROGRAM);
      store(file, code);
      store(`${file}.map`, sourceMap);
      return file;
    });
    this.#oomKills = oomKills();
    this.#ranks = [];
    this.#drained = 0;
    const localRanks = ranksBeside(start);
    const { bound } = this.#around;
    const memory = this.#memoryFor(start, localRanks.length);
    const crowded = bound === 0 && isCrowded(localRanks.length, start.ranks);
    for (const { rank, program, cpus, flags } of start.ranks) {
      const { args, environment } = start.programs[program];
      const file = files[program];
      const boot = bootOf(start, { rank, program, localRanks, memory, crowded }, this.#config, this.#address);
      const limits = limitsOf(cpus.length || bound, localRanks.length);
      const nodeFlags = [...limits.flags, ...inspectorFlags(flags), ...flags];
      const spec = {
        boot,
        command:
          file === undefined ? args : [process.execPath, "--enable-source-maps", ...nodeFlags, file, ...args],
        foreign: file === undefined,
        // What belongs to a host stays that host's own.
        environment: {
          ...limits.environment,
          ...usualNames(boot),
          ...process.env,
          ...environment,
          ...(isOn(environment[variableOf("compat-env")] ?? "") ? openMpiNames(boot) : {}),
          ...environmentOf(boot),
          ...(own === undefined ? {} : { TSMPI_FILES: own }),
        },
        directory: directories[program],
        stdin: this.#stdinOf(rank),
        raw: this.#config.raw,
        inherited: memory ? inheritedBy(boot.localRank, memory) : [],
      };
      const child = withCpus(cpus, () => new RankProcess(spec, this.#events(start, rank)));
      this.#ranks.push(child);
      this.#interviews.set(rank, new Interview(child, (message) => this.#link.send(message)));
      if (child.pid !== undefined) this.#link.send({ kind: "started", rank, pid: child.pid });
    }
    this.#watch();
    if (this.#around.memory === undefined) memory?.close(); // else others may still come for it
  }

  /** Puts the user's files into a folder of their own; `undefined` if there are none. */
  #keep(files: readonly UserFile[]): string | undefined {
    if (files.length === 0) return undefined;
    const folder = join(this.#session.folder, "files");
    mkdirSync(folder);
    for (const { name, bytes } of files) store(join(folder, name), bytes);
    return folder;
  }

  #directoryOf({ directory }: ProgramStart, host: string, own = homedir()): string {
    if (existsSync(directory)) return directory;
    if (!this.#config.anywhere)
      throw new Error(
        `no folder ${directory} there; use --wdir with one that every host has, or --wdir-fallback`,
      );
    process.stderr.write(`tsmpirun: ${host} has no folder ${directory}; its ranks run in ${own}\n`);
    return own;
  }

  #memoryFor({ transport }: Start, localSize: number): HostMemory | undefined {
    if (transport === "zmq" || transport === "tcp") return undefined;
    return this.#around.memory ?? createHostMemory(localSize, segmentBytes(localSize));
  }

  #stdinOf(rank: number): number | "pipe" | "ignore" {
    const { heir, fed } = this.#config;
    if (rank === heir?.rank) return heir.fd;
    return fed.includes(rank) ? "pipe" : "ignore";
  }

  /** Hands a piece of stdin to those who read it, and asks for the next when all of them have room. */
  #feed(bytes: Uint8Array): void {
    const readers = this.#running().filter(({ rank }) => this.#config.fed.includes(rank));
    const taken = readers.map((rank) => new Promise<void>((resolve) => rank.feed(bytes, resolve)));
    void Promise.all(taken).then(() => this.#link.send({ kind: "input-taken" }));
  }

  /** Should this agent be killed, its ranks and all that they have started end with it. */
  #watch(): void {
    this.#session.watch(this.#running().flatMap(({ pid }) => pid ?? []));
  }

  #events({ nodeRank, ranks }: Start, rank: number): RankEvents {
    return {
      message: (message) => this.#interviews.get(rank)?.hear(message),
      output: (stream, bytes) => {
        this.#output.sent(bytes.length);
        if (this.#around.write) this.#around.write(stream, bytes, () => this.#output.consumed(bytes.length));
        else this.#link.send({ kind: "output", rank, stream, bytes, timeMs: Date.now() });
      },
      exited: (exited) => {
        this.#watch();
        const outOfMemory = exited.signal === "SIGKILL" && oomKills() > this.#oomKills;
        this.#link.send({ kind: "exited", ...exited, outOfMemory });
      },
      drained: () => {
        this.#drained++;
        if (this.#drained === ranks.length) this.#link.send({ kind: "drained", nodeRank });
      },
    };
  }

  #stop(graceMs: number): void {
    for (const rank of this.#running()) {
      rank.kill("SIGTERM");
      rank.kill("SIGCONT");
    }
    setTimeout(() => this.#running().forEach((rank) => rank.kill("SIGKILL")), graceMs).unref();
  }

  #running(): RankProcess[] {
    return this.#ranks.filter((rank) => rank.running);
  }
}

function store(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    const full = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
    const reason = full ? "no space left on that disk" : String(cause);
    throw new Error(`${path}: ${reason}; choose another folder by XDG_RUNTIME_DIR`, { cause });
  }
}

/** Limits the output that is on its way to the launcher: beyond that, ranks are not read, and block. */
class OutputWindow {
  #inFlight = 0;
  #paused = false;
  readonly #pause: (paused: boolean) => void;

  constructor(pause: (paused: boolean) => void) {
    this.#pause = pause;
  }

  sent(bytes: number): void {
    this.#update(bytes);
  }

  consumed(bytes: number): void {
    this.#update(-bytes);
  }

  #update(change: number): void {
    this.#inFlight += change;
    const paused = this.#inFlight > WINDOW_BYTES;
    if (paused !== this.#paused) this.#pause(paused);
    this.#paused = paused;
  }
}

const WINDOW_BYTES = 2 ** 20;
/** Time for a host to answer, before anything has been started. */
const PROBE_MS = 5000;
/** Ranks give up a silent host after the launcher, which can name it. */
const PATIENCE = 1.5;

/** What a rank of this host is, beside what is the same for all. */
interface Place {
  readonly rank: number;
  readonly program: number;
  readonly localRanks: readonly number[];
  readonly memory: HostMemory | undefined;
  readonly crowded: boolean;
}

/** All ranks of this host, other agents' included. */
function ranksBeside({ hosts, ranks: [first] }: Start): number[] {
  return hosts.flatMap((host, rank) => (host === hosts[first.rank] ? [rank] : []));
}

function bootOf(
  start: Start,
  { rank, program, localRanks, memory, crowded }: Place,
  { rankKeys, heartbeatMs, ports }: AgentConfig,
  address: string,
): Boot {
  const localRank = localRanks.indexOf(rank);
  const [segmentFd, bellFd, ...ring] = inheritedBy(localRank, memory).map((_, i) => FIRST_INHERITED_FD + i);
  return {
    jobId: start.jobId,
    rank,
    size: start.size,
    localRank,
    localSize: localRanks.length,
    crowded,
    nodeRank: start.hosts[rank],
    nodes: start.nodes,
    host: start.host,
    appnum: program,
    attempt: start.attempt,
    transport: start.transport,
    localRanks,
    segment: memory && { fd: segmentFd, bytes: memory.bytes },
    bells: memory && { own: bellFd, ring },
    ...rankKeys,
    address,
    hosts: start.hosts,
    silentMs: PATIENCE * heartbeatMs,
    ports,
  };
}

/** The agent's descriptors that a rank inherits, in the order in which Boot numbers them. */
function inheritedBy(localRank: number, memory: HostMemory | undefined): number[] {
  if (!memory) return [];
  return [memory.segment, memory.bells[localRank].read, ...memory.bells.map((bell) => bell.write)];
}

function environmentOf(boot: Boot): Record<string, string> {
  const koffi = koffiBinary();
  return {
    ...(koffi === undefined ? {} : { TSMPI_KOFFI: koffi }),
    TSMPI_RANK: `${boot.rank}`,
    TSMPI_SIZE: `${boot.size}`,
    TSMPI_LOCAL_RANK: `${boot.localRank}`,
    TSMPI_LOCAL_SIZE: `${boot.localSize}`,
    TSMPI_NODE_RANK: `${boot.nodeRank}`,
    TSMPI_NODES: `${boot.nodes}`,
    TSMPI_APPNUM: `${boot.appnum}`,
    TSMPI_JOB_ID: boot.jobId,
    TSMPI_ATTEMPT: `${boot.attempt}`,
    TSMPI_VERSION: version,
    TSMPI_CONTROL_FD: `${CONTROL_FD}`,
    TSMPI_ROOT: root,
  };
}

/** Names that other launchers use, for programs that look for them; what is set already stays as it is. */
function usualNames({ rank, size, localRank, localSize }: Boot): Record<string, string> {
  return {
    RANK: `${rank}`,
    WORLD_SIZE: `${size}`,
    LOCAL_RANK: `${localRank}`,
    LOCAL_WORLD_SIZE: `${localSize}`,
  };
}

function openMpiNames({ rank, size, localRank, localSize }: Boot): Record<string, string> {
  return {
    OMPI_COMM_WORLD_RANK: `${rank}`,
    OMPI_COMM_WORLD_SIZE: `${size}`,
    OMPI_COMM_WORLD_LOCAL_RANK: `${localRank}`,
    OMPI_COMM_WORLD_LOCAL_SIZE: `${localSize}`,
  };
}

/** Processes of this cgroup that the kernel has killed for want of memory; 0 where that is not counted. */
function oomKills(): number {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    const events = readFileSync(join("/sys/fs/cgroup", group, "memory.events"), "utf8");
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isSignal(name: string): name is NodeJS.Signals {
  return /^SIG[A-Z0-9]+$/.test(name);
}

/** The address at which ranks of other hosts reach those of this one. */
export async function ownAddress({ iface, address, endpoint }: AgentConfig): Promise<string> {
  if (iface !== undefined) return addressOn(iface);
  return address ?? addressToward(parseTcpEndpoint(endpoint).host);
}
