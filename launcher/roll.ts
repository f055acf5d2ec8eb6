import type { ControlMessage, Start, Unreached } from "../src/comm/wire/messages.js";
import type { Bundle } from "./bundle.js";
import { exitCodes, LaunchError } from "./errors.js";
import type { EventLog } from "./event-log.js";
import type { Hub } from "./link.js";
import { type Gap, Probing } from "./probing.js";
import { nameRanks } from "./ranks.js";
import type { AgentProcess } from "./start-agent.js";
import type { Verdict } from "./judge.js";
import { version } from "./version.js";

/** A host of the job: its agent, and what that is to run. */
export interface Node {
  readonly agent: AgentProcess;
  readonly host: string;
  /** World ranks, ascending. */
  readonly ranks: readonly number[];
  /** How far the agent has come, in words. */
  readonly stage: () => string;
  /** What the agent is to run; called once it has told what its host consists of. */
  readonly start: (programs: readonly Bundle[]) => Start;
}

interface RollOptions {
  readonly hub: Hub;
  readonly log: EventLog;
  readonly heartbeatMs: number;
  /** 0 before it is known. */
  readonly pidOf: (rank: number) => number;
  /** An agent has come. */
  readonly come: () => void;
  readonly isEnding: () => boolean;
  readonly end: (verdict: Verdict) => void;
  /** A host's ranks have ended and its output has arrived, or nothing more comes from there. */
  readonly left: (nodeRank: number) => void;
  /** That was the last one. */
  readonly allLeft: () => void;
}

/** The hosts of a job, from the coming of their agents to their leaving. */
export class Roll {
  readonly #nodes: readonly Node[];
  readonly #options: RollOptions;
  readonly #probing: Probing;
  readonly #arrived = new Set<number>();
  /** Those that have been given ranks to start. */
  readonly #started = new Set<number>();
  readonly #left = new Set<number>();
  #programs: readonly Bundle[] | undefined;

  constructor(nodes: readonly Node[], options: RollOptions) {
    this.#nodes = nodes;
    this.#options = options;
    this.#probing = new Probing(nodes.length, (nodeRank, targets) =>
      options.hub.send(nodeRank, { kind: "probe", targets }),
    );
    for (const [nodeRank, node] of nodes.entries())
      void node.agent.gone.then((how) => this.gone(nodeRank, how));
  }

  /** Has the programs run, as soon as all agents have come and all hosts reach each other. */
  begin(programs: readonly Bundle[]): void {
    this.#programs = programs;
    this.#start();
  }

  /** Whether there is anything to run. */
  get hasBegun(): boolean {
    return this.#programs !== undefined;
  }

  /** Tells all agents that have come. */
  broadcast(message: ControlMessage): void {
    for (const nodeRank of this.#arrived) this.#options.hub.send(nodeRank, message);
  }

  /** The agent of a host has come. */
  come(nodeRank: number, theirs: string, probe: string): void {
    const { host } = this.#nodes[nodeRank];
    if (theirs !== version) {
      const text = `tsmpirun: ${host} has tsmpi ${theirs}, this host has ${version}; install the same version`;
      return this.#endWithout(nodeRank, text);
    }
    this.#arrived.add(nodeRank);
    this.#options.come();
    if (this.#arrived.size === this.#nodes.length) this.#options.log.mark("agents");
    this.#probing.come(nodeRank, probe);
    this.#start();
  }

  /** It has tried to reach others. */
  probed(nodeRank: number, failures: readonly Unreached[]): void {
    this.#probing.heard(nodeRank, failures);
    this.#start();
  }

  /** It cannot do what it was told. */
  failed(nodeRank: number, text: string): void {
    this.#endWithout(nodeRank, `tsmpirun: ${this.#nodes[nodeRank].host}: ${text}`);
  }

  /** The process of an agent has gone, or its host has been silent for too long (`how` is `undefined`). */
  gone(nodeRank: number, how: string | undefined): void {
    if (this.#left.has(nodeRank)) return;
    const { agent, host, ranks } = this.#nodes[nodeRank];
    // Its ranks end with it; on this host we can make sure of their children too.
    if (agent.local) for (const rank of ranks) killGroup(this.#options.pidOf(rank));
    const event =
      how === undefined
        ? `${host} has not answered for ${this.#options.heartbeatMs / 1000} s`
        : `the agent on ${host} ended unexpectedly (${how})`;
    const what = this.#arrived.has(nodeRank)
      ? `${event}; lost ${nameRanks(ranks)}; job aborted, exit code ${exitCodes.launcher}`
      : `cannot start the agent on ${host}: ${how}`;
    this.#endWithout(nodeRank, `tsmpirun: ${what}`);
  }

  /** Nothing more comes from a host. */
  leave(nodeRank: number): void {
    this.#options.left(nodeRank);
    this.#left.add(nodeRank);
    if (this.#left.size === this.#nodes.length) this.#options.allLeft();
  }

  /** Hosts that have not started ranks will not do so any more. */
  leaveUnstarted(): void {
    for (const nodeRank of this.#nodes.keys()) if (!this.#started.has(nodeRank)) this.leave(nodeRank);
  }

  /** What to say of agents that have not come in time; `undefined`: all have. */
  late(limitMs: number): Verdict | undefined {
    const late = this.#nodes.filter((_, nodeRank) => !this.#arrived.has(nodeRank));
    if (late.length === 0) return undefined;
    const stages = late.map(({ host, stage }) => `  ${host}: ${stage()}`);
    const count = `${late.length} of ${this.#nodes.length} hosts`;
    const limit = `the --start-timeout of ${limitMs / 1000} s`;
    const text = `tsmpirun: ${count} had no agent at ${limit}; job aborted, exit code ${exitCodes.launcher}`;
    return { code: exitCodes.launcher, text: [text, ...stages].join("\n") };
  }

  /** Starts the ranks once all hosts reach each other. */
  #start(): void {
    if (!this.#programs || this.#options.isEnding() || !this.#probing.isOver) return;
    this.#options.log.mark("probed");
    const { gaps } = this.#probing;
    if (gaps.length > 0) return this.#options.end({ code: exitCodes.launcher, text: this.#describe(gaps) });
    for (const nodeRank of this.#nodes.keys()) this.#startNode(nodeRank, this.#programs);
  }

  #startNode(nodeRank: number, programs: readonly Bundle[]): void {
    if (this.#options.isEnding()) return;
    try {
      const start = this.#nodes[nodeRank].start(programs);
      this.#started.add(nodeRank);
      this.#options.hub.send(nodeRank, { kind: "start", start });
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      this.#options.end({ code: error.exitCode, text: `tsmpirun: ${error.message}` });
    }
  }

  #describe(gaps: readonly Gap[]): string {
    const lines = gaps.slice(0, GAP_LINES).map(({ from, nodeRank, reason }) => {
      return `${this.#nodes[from].host} cannot reach ${this.#nodes[nodeRank].host} at ${reason}`;
    });
    if (gaps.length > lines.length) lines.push(`and ${gaps.length - lines.length} more`);
    lines.push("no rank was started; look for a firewall (--ports), or choose another network (--iface)");
    return `tsmpirun: ${lines.join("\n  ")}; exit code ${exitCodes.launcher}`;
  }

  /** Ends the job because of one host, from which nothing more comes. */
  #endWithout(nodeRank: number, text: string): void {
    this.#options.end({ code: exitCodes.launcher, text });
    this.leave(nodeRank);
  }
}

const GAP_LINES = 8;

function killGroup(pid: number): void {
  try {
    if (pid > 0) process.kill(-pid, "SIGKILL");
  } catch {
    // it has gone
  }
}
