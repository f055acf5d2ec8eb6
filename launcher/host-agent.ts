import type { ControlMessage, Start, Target } from "../src/comm/wire/messages.js";
import { segmentBytes } from "../src/comm/wire/segment.js";
import { hostClockMs } from "../src/host-clock.js";
import { addressOn, addressToward, parseTcpEndpoint } from "./address.js";
import { withCpus } from "./affinity.js";
import { exitCodes } from "./errors.js";
import { createHostMemory, type HostMemory } from "./host-memory.js";
import { installPrograms } from "./install-programs.js";
import { Interview } from "./interview.js";
import { Link } from "./link.js";
import { oomKills } from "./oom-kills.js";
import { OutputWindow } from "./output-window.js";
import { probe, ProbePort } from "./probe.js";
import { ranksBeside } from "./rank-boot.js";
import { type RankEvents, RankProcess } from "./rank-process.js";
import { rankSpecs } from "./rank-specs.js";
import { openSession } from "./session.js";
import type { AgentConfig } from "./start-agent.js";
import { version } from "./version.js";
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
        return this.#link.send({ ...message, ms: hostClockMs() });
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
    const { bound } = this.#around;
    const config = this.#config;
    const installed = installPrograms(start, this.#session.folder, config.anywhere);
    this.#oomKills = oomKills();
    this.#ranks = [];
    this.#drained = 0;
    const memory = this.#memoryFor(start);
    for (const { spec, cpus } of rankSpecs(start, {
      config,
      address: this.#address,
      memory,
      bound,
      installed,
    })) {
      const { rank } = spec.boot;
      const child = withCpus(cpus, () => new RankProcess(spec, this.#events(start, rank)));
      this.#ranks.push(child);
      this.#interviews.set(rank, new Interview(child, (message) => this.#link.send(message)));
      if (child.pid !== undefined) this.#link.send({ kind: "started", rank, pid: child.pid });
    }
    this.#watch();
    if (this.#around.memory === undefined) memory?.close(); // else others may still come for it
  }

  #memoryFor(start: Start): HostMemory | undefined {
    if (start.transport === "zmq" || start.transport === "tcp") return undefined;
    const localSize = ranksBeside(start).length;
    return this.#around.memory ?? createHostMemory(localSize, segmentBytes(localSize));
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

/** Time for a host to answer, before anything has been started. */
const PROBE_MS = 5000;

function isSignal(name: string): name is NodeJS.Signals {
  return /^SIG[A-Z0-9]+$/.test(name);
}

/** The address at which ranks of other hosts reach those of this one. */
export async function ownAddress({ iface, address, endpoint }: AgentConfig): Promise<string> {
  if (iface !== undefined) return addressOn(iface);
  return address ?? addressToward(parseTcpEndpoint(endpoint).host);
}
