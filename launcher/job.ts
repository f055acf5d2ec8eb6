import { setTimeout as delay } from "node:timers/promises";
import type { ControlMessage, Start } from "../src/comm/wire/messages.js";
import type { Bundle } from "./bundle.js";
import type { EventLog } from "./event-log.js";
import { Clocks } from "./clocks.js";
import { exitCodes, LaunchError } from "./errors.js";
import { exitCodeOf, Ledger } from "./ledger.js";
import type { Hub } from "./link.js";
import type { EndingOptions } from "./ending-options.js";
import type { Records } from "./records.js";
import type { ReportOptions } from "./report-options.js";
import type { Outputs } from "./outputs.js";
import { type Gap, Probing } from "./probing.js";
import { sourceLine } from "./places.js";
import { Progress } from "./progress.js";
import { nameRanks } from "./ranks.js";
import { report } from "./report.js";
import type { StallWatch } from "./stall-watch.js";
import { StateReporter } from "./state-reporter.js";
import type { Feed } from "./stdin.js";
import { type AgentProcess, PROGRAM } from "./start-agent.js";
import { root, version } from "./version.js";

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

export interface JobOptions extends Omit<EndingOptions, "forwarded" | "startTimeoutMs">, ReportOptions {
  readonly log: EventLog;
  readonly records: Records;
  /** Time for all agents to come. */
  readonly startTimeoutMs: number;
  readonly printExitCodes: boolean;
  /** Says how far the start has come. */
  readonly progress: boolean;
  readonly directory: string;
}

interface Verdict {
  readonly code: number;
  /** Printed at the end. */
  readonly text: string;
}

/**
 * The launcher's view of a job: rendezvous, finalize, failures, signals, and at last an exit code.
 *
 * The first failure ends the job. For a moment more failures are collected, so that the message names the cause and not
 * one of the ranks that it took along; then all other ranks are stopped.
 */
export class Job {
  readonly #hub: Hub;
  readonly #nodes: readonly Node[];
  readonly #options: JobOptions;
  readonly #outputs: Outputs;
  readonly #feed: Feed;
  readonly #ledger: Ledger;
  readonly #arrived = new Set<number>();
  readonly #states: StateReporter;
  readonly #clocks: Clocks;
  readonly #probing: Probing;
  readonly #progress: Progress | undefined;
  /** Nodes that have been given ranks to start. */
  readonly #started = new Set<number>();
  /** Nodes whose ranks have ended and whose output has arrived. */
  readonly #left = new Set<number>();
  readonly #host: readonly string[];
  readonly #startedMs = performance.now();
  /** How long it took until all ranks could be reached. */
  #readyMs = 0;
  #programs: readonly Bundle[] | undefined;
  #verdict: Verdict | undefined;
  #reported = false;
  #abortIsLogged = false;
  #collecting: NodeJS.Timeout | undefined;
  #interrupts = 0;
  #goneTimer: NodeJS.Timeout | undefined;
  #goneTold = 0;
  #reminder: NodeJS.Timeout | undefined;
  #stalls: StallWatch | undefined;
  #finish: () => void = () => undefined;
  readonly #finished = new Promise<void>((resolve) => (this.#finish = resolve));

  constructor(hub: Hub, nodes: readonly Node[], outputs: Outputs, feed: Feed, options: JobOptions) {
    this.#hub = hub;
    this.#nodes = nodes;
    this.#outputs = outputs;
    this.#feed = feed;
    this.#options = options;
    const ranks = nodes.flatMap(({ ranks, host }) => ranks.map((rank) => [rank, host] as const));
    this.#host = ranks.sort(([a], [b]) => a - b).map(([, host]) => host);
    this.#ledger = new Ledger(ranks.length);
    const { log, directory, dumpOn, dumpFolder } = options;
    this.#states = new StateReporter({
      ...{ ledger: this.#ledger, log, directory, dumpOn, dumpFolder },
      broadcast: (message) => this.#broadcast(message),
      say: (text) => outputs.say(text),
    });
    this.#clocks = new Clocks((nodeRank, id) => hub.send(nodeRank, { kind: "clock", id, ms: 0 }));
    this.#probing = new Probing(nodes.length, (nodeRank, targets) =>
      hub.send(nodeRank, { kind: "probe", targets }),
    );
    if (options.progress)
      this.#progress = new Progress(nodes.length, ranks.length, (text) => outputs.say(text));
    for (const [nodeRank, node] of nodes.entries()) {
      void node.agent.gone.then((how) => this.#agentGone(nodeRank, how));
    }
  }

  hostOf(rank: number): string {
    return this.#host[rank];
  }

  /** 0 before it is known. */
  pidOf(rank: number): number {
    return this.#ledger.ranks[rank].pid;
  }

  /** Runs the programs on all hosts. Resolves to the exit code, when nothing of the job is left. */
  async run(programs: readonly Bundle[]): Promise<number> {
    this.#programs = programs;
    this.#startNodes();
    const timers = [setTimeout(() => this.#lateAgents(), this.#options.startTimeoutMs)];
    const { timeoutMs } = this.#options;
    if (timeoutMs !== undefined) timers.push(setTimeout(() => void this.#timedOut(timeoutMs), timeoutMs));
    await this.#finished;
    timers.forEach(clearTimeout);
    clearTimeout(this.#goneTimer);
    clearTimeout(this.#collecting);
    clearTimeout(this.#reminder);
    this.#stalls?.stop();
    this.#judge();
    if (this.#verdict) this.#logAbort(); // all ranks have left before they were stopped
    this.#report();
    for (const text of this.#options.records.finish(this.#host.length)) this.#outputs.say(text);
    if (this.#options.printExitCodes) this.#outputs.say(`tsmpirun: exit codes: ${this.#ledger.exitCodes}`);
    const { code = 0, text = "" } = this.#verdict ?? {};
    this.#options.log.write("end", { code, text });
    for (const nodeRank of this.#nodes.keys()) this.#hub.send(nodeRank, { kind: "bye", code });
    const agents = Promise.all(this.#nodes.map((node) => node.agent.gone));
    await Promise.race([agents, delay(AGENT_END_MS, undefined, { ref: false })]);
    return code;
  }

  /** A message from the agent of a host. */
  receive(nodeRank: number, message: ControlMessage): void {
    this.#options.log.heard(this.#nodes[nodeRank].host, message);
    switch (message.kind) {
      case "agent-hello":
        return this.#agentHello(nodeRank, message.version, message.probe);
      case "probed":
        this.#probing.heard(nodeRank, message.failures);
        return this.#startNodes();
      case "started":
        this.#ledger.started(message.rank, message.pid);
        return this.#feed.started(message.rank);
      case "output": {
        const { length } = message.bytes;
        return this.#outputs.write(message, () =>
          this.#hub.send(nodeRank, { kind: "consumed", bytes: length }),
        );
      }
      case "input-taken":
        return this.#feed.taken(nodeRank);
      case "hello": {
        this.#progress?.add("ranks");
        const endpoints = this.#ledger.hello(message.rank, message.endpoint);
        if (endpoints) this.#ready(endpoints);
        return this.#checkFaults();
      }
      case "finalize":
        if (this.#ledger.finalize(message.rank)) this.#broadcast({ kind: "finalized" });
        else this.#remindLater();
        return this.#tellGone();
      case "clock":
        return this.#clocks.heard(message.id, message.ms);
      case "record":
        return this.#options.records.hear(
          message.rank,
          message.what,
          message.text,
          this.#clocks.aheadMs(nodeRank),
        );
      case "answer":
        return this.#states.hear(message);
      case "failure":
        this.#ledger.failed(message);
        return this.#checkFaults();
      case "exited":
        this.#ledger.exited(message);
        this.#states.ended(message.rank);
        if (this.#interrupts > 0) this.#stopLater();
        this.#remindLater();
        this.#checkFaults();
        return this.#tellGone();
      case "drained":
        return this.#nodeLeft(nodeRank);
      case "agent-failed":
        return this.#end(
          {
            code: exitCodes.launcher,
            text: `tsmpirun: ${this.#nodes[nodeRank].host}: ${message.text}`,
          },
          nodeRank,
        );
    }
  }

  /**
   * The connection with an agent is gone. If it has ended, its process or ssh will say so soon; if not, its host has been
   * silent for too long.
   */
  agentLost(nodeRank: number): void {
    setTimeout(() => {
      this.#agentGone(nodeRank, undefined);
      this.#nodes[nodeRank].agent.kill();
    }, AGENT_LAST_WORDS_MS).unref();
  }

  /** A signal that tsmpirun got: the first SIGINT asks the ranks, the second ends the job, the third at once. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void {
    this.#interrupts++;
    const code = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name];
    this.#verdict ??= { code, text: "" };
    if (!this.#programs) return this.#finish(); // nothing has been started
    if (name === "SIGINT" && this.#interrupts === 1) {
      this.#outputs.say("tsmpirun: interrupted; press Ctrl-C again to kill");
      return this.forward("SIGINT");
    }
    this.#stop(this.#interrupts >= 3 ? 0 : this.#options.killGraceMs);
  }

  /** Says what every rank is waiting for; the job goes on. */
  reportState(): void {
    void this.#states.print("quit", `tsmpirun: state after ${this.#seconds} s`);
  }

  /** Passes a signal on to every rank. */
  forward(name: NodeJS.Signals): void {
    this.#broadcast({ kind: "signal", name });
  }

  /** Ends the job without a word: nobody reads its output. */
  brokenPipe(): void {
    this.#verdict ??= { code: 128 + 13, text: "" };
    this.#stop(this.#options.killGraceMs);
  }

  /** Since the job was started. */
  get #seconds(): string {
    return ((performance.now() - this.#startedMs) / 1000).toFixed(1);
  }

  /** All ranks run, and can be reached. */
  #ready(endpoints: readonly string[]): void {
    this.#readyMs = performance.now() - this.#startedMs;
    this.#broadcast({ kind: "address-book", endpoints });
    if (this.#options.records.isTracing) this.#clocks.ask(this.#nodes.keys());
    const { stallMs } = this.#options;
    if (stallMs !== undefined) this.#stalls = this.#states.watchStalls(stallMs);
    this.#options.log.mark("ready");
    this.#options.log.write("ready", { ranks: endpoints.length });
  }

  #agentHello(nodeRank: number, theirs: string, probe: string): void {
    if (theirs !== version) {
      const { host } = this.#nodes[nodeRank];
      const text = `tsmpirun: ${host} has tsmpi ${theirs}, this host has ${version}; install the same version`;
      return this.#end({ code: exitCodes.launcher, text }, nodeRank);
    }
    this.#arrived.add(nodeRank);
    this.#progress?.add("hosts");
    if (this.#arrived.size === this.#nodes.length) this.#options.log.mark("agents");
    this.#probing.come(nodeRank, probe);
    this.#startNodes();
  }

  /** Starts the ranks once all hosts reach each other. */
  #startNodes(): void {
    if (!this.#programs || this.#verdict || !this.#probing.isOver) return;
    this.#options.log.mark("probed");
    const { gaps } = this.#probing;
    if (gaps.length === 0) for (const nodeRank of this.#nodes.keys()) this.#startNode(nodeRank);
    else this.#end({ code: exitCodes.launcher, text: this.#describe(gaps) });
  }

  #describe(gaps: readonly Gap[]): string {
    const lines = gaps.slice(0, GAP_LINES).map(({ from, nodeRank, reason }) => {
      return `${this.#nodes[from].host} cannot reach ${this.#nodes[nodeRank].host} at ${reason}`;
    });
    if (gaps.length > lines.length) lines.push(`and ${gaps.length - lines.length} more`);
    lines.push("no rank was started; look for a firewall (--ports), or choose another network (--iface)");
    return `tsmpirun: ${lines.join("\n  ")}; exit code ${exitCodes.launcher}`;
  }

  #startNode(nodeRank: number): void {
    if (!this.#programs || this.#verdict) return;
    try {
      const start = this.#nodes[nodeRank].start(this.#programs);
      this.#started.add(nodeRank);
      this.#hub.send(nodeRank, { kind: "start", start });
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error;
      this.#end({ code: error.exitCode, text: `tsmpirun: ${error.message}` });
    }
  }

  #broadcast(message: ControlMessage): void {
    for (const nodeRank of this.#arrived) this.#hub.send(nodeRank, message);
  }

  #checkFaults(): void {
    const { faults } = this.#ledger;
    if (this.#verdict || this.#collecting || faults.length === 0) return;
    // What would keep others waiting for ever ends a job even if an exit does not.
    if (!this.#options.abortOnExit && !faults.some(({ how }) => how === "abort" || how === "absent")) return;
    this.#states.askAtFailure();
    this.#collect(0);
  }

  /** A rank that has lost another may be ahead of the news of why: that of its agent or of its host. */
  #collect(waitedMs: number): void {
    const collectMs = Math.min(Math.max(COLLECT_MS, this.#readyMs / 4), COLLECT_MOST_MS);
    this.#collecting = setTimeout(() => {
      const isOpen =
        (this.#ledger.unexplained && waitedMs < EXPLAIN_MS) ||
        (!this.#states.othersAreKnown && waitedMs < OTHERS_MS);
      if (isOpen && !this.#verdict) return this.#collect(waitedMs + collectMs);
      this.#judge();
      this.#stop(this.#options.killGraceMs);
      setTimeout(() => this.#report(), REPORT_MS).unref();
    }, collectMs);
  }

  /** What the failures so far mean. */
  #judge(): void {
    const { faults } = this.#ledger;
    if (this.#verdict || faults.length === 0) return;
    const text = report(faults, {
      host: (rank) => this.hostOf(rank),
      pid: (rank) => this.pidOf(rank),
      seconds: (rank) => this.#ledger.ranks[rank].exited?.seconds ?? Number(this.#seconds),
      hidden: [`${root}/src/`, `${root}/dist/src/`, `${root}/dist/library/`, `/${PROGRAM}`],
      directory: this.#options.directory,
      sourceLine,
      unseen: (rank) => this.#outputs.unseen(rank),
      others: this.#states.othersAtFailure,
    });
    this.#verdict = { code: exitCodeOf(faults[0]), text };
  }

  /** The message comes last, after what the ranks have printed; but not long after. */
  #report(): void {
    if (this.#reported) return;
    this.#reported = true;
    if (this.#verdict?.text) this.#outputs.say(this.#verdict.text);
  }

  #end(verdict: Verdict, leftNode?: number): void {
    this.#verdict ??= verdict;
    this.#stop(this.#options.killGraceMs);
    if (leftNode !== undefined) this.#nodeLeft(leftNode);
  }

  #stop(graceMs: number): void {
    this.#logAbort();
    this.#broadcast({ kind: "stop", graceMs });
    for (const nodeRank of this.#nodes.keys()) if (!this.#started.has(nodeRank)) this.#nodeLeft(nodeRank);
  }

  #logAbort(): void {
    if (!this.#abortIsLogged) this.#options.log.write("abort", { ...this.#verdict });
    this.#abortIsLogged = true;
  }

  /** Ranks that do not end by themselves after an interrupt, though others have, wait for those in vain. */
  #stopLater(): void {
    setTimeout(() => this.#stop(this.#options.killGraceMs), this.#options.killGraceMs).unref();
  }

  /** Names, once, the ranks that go on long after the program of the first has ended, and what they wait for. */
  #remindLater(): void {
    const { waitMs } = this.#options;
    if (waitMs === undefined) return;
    this.#reminder ??= setTimeout(() => {
      const who = nameRanks(this.#ledger.unfinished);
      void this.#states.print(
        "wait",
        `tsmpirun: ${who} still run${who.startsWith("ranks") ? "" : "s"}, ${waitMs / 1000} s after the first rank has ended`,
      );
    }, waitMs);
  }

  async #timedOut(timeoutMs: number): Promise<void> {
    const who = nameRanks(this.#ledger.running);
    const code = exitCodes.timeout;
    const headline = `tsmpirun: ${who} still ran at the --timeout of ${timeoutMs / 1000} s; job aborted, exit code ${code}`;
    this.#end({ code, text: await this.#states.compose("timeout", headline) });
  }

  #lateAgents(): void {
    const late = this.#nodes.filter((_, nodeRank) => !this.#arrived.has(nodeRank));
    if (late.length === 0) return;
    const stages = late.map(({ host, stage }) => `  ${host}: ${stage()}`);
    const count = `${late.length} of ${this.#nodes.length} hosts`;
    const limit = `the --start-timeout of ${this.#options.startTimeoutMs / 1000} s`;
    const text = `tsmpirun: ${count} had no agent at ${limit}; job aborted, exit code ${exitCodes.launcher}`;
    this.#end({ code: exitCodes.launcher, text: [text, ...stages].join("\n") });
    this.#finish();
  }

  #agentGone(nodeRank: number, how: string | undefined): void {
    if (this.#left.has(nodeRank)) return;
    const { agent, host, ranks } = this.#nodes[nodeRank];
    const seconds = this.#options.heartbeatMs / 1000;
    // Its ranks end with it; on this host we can make sure of their children too.
    if (agent.local) for (const rank of ranks) killGroup(this.#ledger.ranks[rank].pid);
    const what = this.#arrived.has(nodeRank) ? gone() : `cannot start the agent on ${host}: ${how}`;
    this.#end({ code: exitCodes.launcher, text: `tsmpirun: ${what}` }, nodeRank);

    function gone(): string {
      const event =
        how === undefined
          ? `${host} has not answered for ${seconds} s`
          : `the agent on ${host} ended unexpectedly (${how})`;
      return `${event}; lost ${nameRanks(ranks)}; job aborted, exit code ${exitCodes.launcher}`;
    }
  }

  #nodeLeft(nodeRank: number): void {
    this.#feed.taken(nodeRank, true);
    this.#left.add(nodeRank);
    if (this.#left.size === this.#nodes.length) this.#finish();
  }

  /** Tells ranks who will send no more while others may wait for them; seldom, and only news. */
  #tellGone(): void {
    this.#goneTimer ??= setTimeout(() => {
      this.#goneTimer = undefined;
      const { gone } = this.#ledger;
      if (gone.length === this.#goneTold || gone.length === this.#host.length) return;
      this.#goneTold = gone.length;
      this.#broadcast({ kind: "gone", ranks: gone });
    }, GONE_MS);
  }
}

const GAP_LINES = 8;
/** Failures of other ranks are collected for so long; longer where even starting took long, on busy machines. */
const COLLECT_MS = 200;
const COLLECT_MOST_MS = 1000;
const EXPLAIN_MS = 2000;
/** So long it may take longer, until other ranks have told what they are doing. */
const OTHERS_MS = 400;
const REPORT_MS = 1000;
const GONE_MS = 250;
const AGENT_END_MS = 1000;
/** More than those of the process that leads to it. */
const AGENT_LAST_WORDS_MS = 2000;

function killGroup(pid: number): void {
  try {
    if (pid > 0) process.kill(-pid, "SIGKILL");
  } catch {
    // it has gone
  }
}
