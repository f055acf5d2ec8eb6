import type { AgentOrder } from "./agent-order.js";
import { deferred } from "./deferred.js";
import { type Greeting, Lines, magic, type Obituary, parseWord } from "./greeting.js";
import { type AgentConfig, type AgentProcess, startChild } from "./start-agent.js";
import { version } from "./version.js";

/** An agent of another host, on its way or there. */
export interface RemoteAgent extends AgentProcess {
  /** What it says of itself; rejects if it does not get that far. */
  readonly greeting: Promise<Greeting>;
  /** Tells it what to do; `undefined`: to leave. */
  readonly configure: (config: AgentConfig | undefined) => void;
  /** Ends it, for a reason that `gone` gives. */
  readonly fail: (reason: string) => void;
}

/** From the end of the command's stdin to its own end. */
const LEAVE_MS = 2000;
const WORDS_MAX = 4096;

/** A command that leads to agents. */
export interface Way {
  readonly command: string;
  readonly args: readonly string[];
  /** Hosts of the agents, as they call themselves in their greetings; "" is the one that the command leads to. */
  readonly names: readonly string[];
  /** Agents that share the command's stderr; the others are started by one of those. */
  readonly greeters?: number;
  /** What to tell the first of them as soon as it is there. */
  readonly order?: AgentOrder | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  /** The host on which the command runs, for messages; "": the launcher's. */
  readonly from?: string;
}

/**
 * Starts a command that leads to the agents of other hosts: ssh to one of them, which may start others, srun to several.
 * The configurations, with the keys, go to its stdin, each once its agent has said which version it is and how its host
 * was reached. Local.
 */
export function startRemoteAgents({
  command,
  args,
  names,
  greeters = names.length,
  order,
  environment = process.env,
  from = "",
}: Way): RemoteAgent[] {
  const begun = performance.now();
  const child = startChild(command, args, ["pipe", "pipe", "pipe"], environment);
  const agents = new Map(
    names.map((name) => [name, { greeting: deferred<Greeting>(), gone: deferred<string>() }]),
  );
  /** Those that have said who they are. */
  const greeted = new Set<string>();
  const released = new Set<string>();
  const words = new OwnWords(greeters);
  let ended = false;
  const lose = (name: string, how: string): void => {
    agents.get(name)?.greeting.reject(new Error(how));
    agents.get(name)?.gone.resolve(how);
  };
  const fail = (name: string, reason: string): void => {
    lose(name, reason);
    if (names.length === 1) child.kill();
  };
  const heard = (word: Greeting | Obituary): void => {
    const name = agents.has(word.host) ? word.host : names[0];
    if ("gone" in word) return lose(name, word.gone);
    greeted.add(name);
    if (word.version !== version)
      return fail(name, `it has tsmpi ${word.version}, this host has ${version}; install the same version`);
    if (name === names[0] && order !== undefined) child.order(order);
    agents.get(name)?.greeting.resolve(word);
  };
  const lines = new Lines(
    (json) => heard(parseWord(json)),
    (line) => words.noise(line),
  );
  child.stdout?.setEncoding("utf8").on("data", (text: string) => lines.read(text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => words.stderr(text));
  void child.gone.then((how) => {
    ended = true;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const own = words.said.replaceAll("\n", "\n  ");
    const text = `${command}${from && ` on ${from}`}: ${how} after ${seconds} s${own && `\n  ${own}`}`;
    for (const name of names) lose(name, text);
  });
  const release = (name: string): void => {
    released.add(name);
    if (released.size < names.length) return;
    child.release();
    // A command that is still on its way there does not look at its stdin.
    if (greeted.size === 0) child.kill();
    else if (!ended) {
      const timer = setTimeout(child.kill, LEAVE_MS);
      void child.gone.then(() => clearTimeout(timer));
    }
  };
  return [...agents].map(([name, { greeting, gone }]) => ({
    local: false,
    gone: gone.promise,
    greeting: greeting.promise,
    configure: (config) => child.order({ configs: { [name]: config ?? null } }),
    fail: (reason) => fail(name, reason),
    release: () => release(name),
    kill() {
      if (names.length === 1) child.kill();
      else release(name);
    },
  }));
}

/** What a command and the host to which it leads say before agents do: the words of whatever keeps them from it. */
class OwnWords {
  #expected: number;
  #stderr = "";
  #noise = "";

  /** @param agents - Whose own words on stderr, which begin with the magic one, are passed on. */
  constructor(agents: number) {
    this.#expected = agents;
  }

  /** A line on stdout that is no agent's. */
  noise(line: string): void {
    if (this.#expected > 0) this.#noise += `${line}\n`;
  }

  stderr(text: string): void {
    if (this.#expected === 0) return void process.stderr.write(text);
    const parts = (this.#stderr + text).split(`${magic}\n`);
    this.#expected -= parts.length - 1;
    const agents = this.#expected === 0 ? (parts.pop() ?? "") : "";
    this.#stderr = parts.join("");
    process.stderr.write(agents);
  }

  get said(): string {
    return (this.#stderr + (this.#expected > 0 ? this.#noise : "")).trim().slice(-WORDS_MAX);
  }
}
