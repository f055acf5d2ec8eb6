import { setTimeout as delay } from "node:timers/promises";
import type { ControlMessage } from "../src/comm/wire/messages.js";
import type { Bundle } from "./bundle.js";
import { Clocks } from "./clocks.js";
import type { EndingOptions } from "./ending-options.js";
import { exitCodes } from "./errors.js";
import type { EventLog } from "./event-log.js";
import { Judge, type Verdict } from "./judge.js";
import { Ledger } from "./ledger.js";
import type { Hub } from "./link.js";
import type { Outputs } from "./outputs.js";
import { Progress } from "./progress.js";
import { nameRanks } from "./ranks.js";
import type { Records } from "./records.js";
import type { ReportOptions } from "./report-options.js";
import { type Node, Roll } from "./roll.js";
import type { StallWatch } from "./stall-watch.js";
import { StateReporter } from "./state-reporter.js";
import type { Feed } from "./stdin.js";

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

/** The launcher's view of a job: rendezvous, finalize, failures, signals, and at last an exit code. */
export class Job {
  readonly #hub: Hub;
  readonly #nodes: readonly Node[];
  readonly #options: JobOptions;
  readonly #outputs: Outputs;
  readonly #feed: Feed;
  readonly #ledger: Ledger;
  readonly #roll: Roll;
  readonly #judge: Judge;
  readonly #states: StateReporter;
  readonly #clocks: Clocks;
  readonly #progress: Progress | undefined;
  readonly #host: readonly string[];
  readonly #startedMs = performance.now();
  /** How long it took until all ranks could be reached. */
  #readyMs = 0;
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
    const { log, directory, dumpOn, dumpFolder, heartbeatMs, abortOnExit } = options;
    const ledger = this.#ledger;
    this.#states = new StateReporter({
      ...{ ledger, log, directory, dumpOn, dumpFolder },
      broadcast: (message) => this.#roll.broadcast(message),
      say: (text) => outputs.say(text),
    });
    this.#clocks = new Clocks((nodeRank, id) => hub.send(nodeRank, { kind: "clock", id, ms: 0 }));
    if (options.progress)
      this.#progress = new Progress(nodes.length, ranks.length, (text) => outputs.say(text));
    this.#judge = new Judge({
      ...{ ledger, outputs, log, directory, abortOnExit, states: this.#states },
      hostOf: (rank) => this.hostOf(rank),
      readyMs: () => this.#readyMs,
      seconds: () => this.#seconds,
      stop: () => this.#stop(options.killGraceMs),
    });
    this.#roll = new Roll(nodes, {
      ...{ hub, log, heartbeatMs },
      pidOf: (rank) => this.pidOf(rank),
      come: () => this.#progress?.add("hosts"),
      isEnding: () => this.#judge.verdict !== undefined,
      end: (verdict) => this.#end(verdict),
      left: (nodeRank) => feed.taken(nodeRank, true),
      allLeft: () => this.#finish(),
    });
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
    const { startTimeoutMs, timeoutMs } = this.#options;
    this.#roll.begin(programs);
    const timers = [setTimeout(() => this.#endLate(startTimeoutMs), startTimeoutMs)];
    if (timeoutMs !== undefined) timers.push(setTimeout(() => void this.#timedOut(timeoutMs), timeoutMs));
    await this.#finished;
    for (const timer of [...timers, this.#goneTimer, this.#reminder]) clearTimeout(timer);
    this.#stalls?.stop();
    const { code, text } = this.#judge.close();
    for (const line of this.#options.records.finish(this.#host.length)) this.#outputs.say(line);
    if (this.#options.printExitCodes) this.#outputs.say(`tsmpirun: exit codes: ${this.#ledger.exitCodes}`);
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
        return this.#roll.come(nodeRank, message.version, message.probe);
      case "probed":
        return this.#roll.probed(nodeRank, message.failures);
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
        return this.#judge.check();
      }
      case "finalize":
        if (this.#ledger.finalize(message.rank)) this.#roll.broadcast({ kind: "finalized" });
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
        return this.#judge.check();
      case "exited":
        this.#ledger.exited(message);
        this.#states.ended(message.rank);
        if (this.#interrupts > 0) this.#stopLater();
        this.#remindLater();
        this.#judge.check();
        return this.#tellGone();
      case "drained":
        return this.#roll.leave(nodeRank);
      case "agent-failed":
        return this.#roll.failed(nodeRank, message.text);
    }
  }

  /**
   * The connection with an agent is gone. If it has ended, its process or ssh will say so soon; if not, its host has been
   * silent for too long.
   */
  agentLost(nodeRank: number): void {
    setTimeout(() => {
      this.#roll.gone(nodeRank, undefined);
      this.#nodes[nodeRank].agent.kill();
    }, AGENT_LAST_WORDS_MS).unref();
  }

  /** A signal that tsmpirun got: the first SIGINT asks the ranks, the second ends the job, the third at once. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void {
    this.#interrupts++;
    const code = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[name];
    this.#judge.decide({ code, text: "" });
    if (!this.#roll.hasBegun) return this.#finish(); // nothing has been started
    if (name === "SIGINT" && this.#interrupts === 1) {
      this.#outputs.say("tsmpirun: interrupted; press Ctrl-C again to kill");
      return this.forward("SIGINT");
    }
    this.#stop(this.#interrupts >= 3 ? 0 : this.#options.killGraceMs);
  }

  /** Says what every rank is waiting for; the job goes on. */
  reportState(): void {
    void this.#states.print("quit", `tsmpirun: state after ${this.#seconds.toFixed(1)} s`);
  }

  /** Passes a signal on to every rank. */
  forward(name: NodeJS.Signals): void {
    this.#roll.broadcast({ kind: "signal", name });
  }

  /** Ends the job without a word: nobody reads its output. */
  brokenPipe(): void {
    this.#judge.decide({ code: 128 + 13, text: "" });
    this.#stop(this.#options.killGraceMs);
  }

  /** Since the job was started. */
  get #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  /** All ranks run, and can be reached. */
  #ready(endpoints: readonly string[]): void {
    this.#readyMs = performance.now() - this.#startedMs;
    this.#roll.broadcast({ kind: "address-book", endpoints });
    if (this.#options.records.isTracing) {
      const elsewhere = this.#nodes.flatMap(({ agent }, nodeRank) => (agent.local ? [] : [nodeRank]));
      this.#clocks.ask(elsewhere); // the clock of this host is the launcher's own
    }
    const { stallMs } = this.#options;
    if (stallMs !== undefined) this.#stalls = this.#states.watchStalls(stallMs);
    this.#options.log.mark("ready");
    this.#options.log.write("ready", { ranks: endpoints.length });
  }

  #end(verdict: Verdict): void {
    this.#judge.decide(verdict);
    this.#stop(this.#options.killGraceMs);
  }

  #stop(graceMs: number): void {
    this.#judge.log();
    this.#roll.broadcast({ kind: "stop", graceMs });
    this.#roll.leaveUnstarted();
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

  #endLate(limitMs: number): void {
    const verdict = this.#roll.late(limitMs);
    if (verdict === undefined) return;
    this.#end(verdict);
    this.#finish();
  }

  /** Tells ranks who will send no more while others may wait for them; seldom, and only news. */
  #tellGone(): void {
    this.#goneTimer ??= setTimeout(() => {
      this.#goneTimer = undefined;
      const { gone } = this.#ledger;
      if (gone.length === this.#goneTold || gone.length === this.#host.length) return;
      this.#goneTold = gone.length;
      this.#roll.broadcast({ kind: "gone", ranks: gone });
    }, GONE_MS);
  }
}

const GONE_MS = 250;
const AGENT_END_MS = 1000;
/** More than those of the process that leads to it. */
const AGENT_LAST_WORDS_MS = 2000;
