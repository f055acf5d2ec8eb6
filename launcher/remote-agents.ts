import { groupsOf, startAgentsOf } from "./agent-tree.js";
import { LaunchError } from "./errors.js";
import type { Greeting } from "./greeting.js";
import type { HostEntry } from "./hostfile.js";
import { isThisHost } from "./hosts.js";
import type { Launching } from "./launching.js";
import type { RemoteAgent } from "./remote-agent.js";
import { startSrunAgents } from "./srun-agents.js";
import { Turns } from "./turns.js";
import { messageOf } from "../src/thrown.js";

/** The agents of other hosts, each started once, at the latest when its host gets ranks. */
export class RemoteAgents {
  readonly #how: Launching;
  readonly #turns: Turns;
  readonly #started = new Map<string, RemoteAgent>();
  /** Which host's agent starts that of a host, where the launcher does not do so itself. */
  readonly #starters = new Map<string, string>();
  readonly #greetings = new Map<string, { readonly greeting: Greeting; readonly seconds: number }>();

  constructor(how: Launching) {
    this.#how = how;
    this.#turns = new Turns(how.sshConcurrency);
  }

  /** Whether a host's agent is a child of this process: it is this host, or is only played by it. */
  isPlayedHere(host: HostEntry): boolean {
    return this.#how.launcher === "fork" || isThisHost(host.name);
  }

  /** Starts agents, at the same time, where there is none yet. */
  start(hosts: readonly HostEntry[]): void {
    const absent = hosts.filter((host) => !this.#started.has(host.name) && !this.isPlayedHere(host));
    for (const [name, agent] of this.#startAll(absent)) {
      const begun = performance.now();
      this.#started.set(name, agent);
      void agent.greeting.then(
        (greeting) => this.#greetings.set(name, { greeting, seconds: (performance.now() - begun) / 1000 }),
        () => undefined, // `gone` tells
      );
    }
  }

  agentOf(host: HostEntry): RemoteAgent {
    const agent = this.#started.get(host.name);
    if (agent === undefined) throw new Error(`agents: none has been started on ${host.name}`);
    return agent;
  }

  /** What a host's agent has said of itself; `undefined` before it has. */
  greetingOf(host: HostEntry): Greeting | undefined {
    return this.#greetings.get(host.name)?.greeting;
  }

  /** How far the agent of a host has come that has not connected yet, in words. */
  stageOf(host: HostEntry): string {
    if (this.isPlayedHere(host)) return "the agent of this host has not connected";
    const greeted = this.#greetings.get(host.name);
    const starter = this.#starters.get(host.name);
    if (starter !== undefined && !this.#greetings.has(starter))
      return `the agent of ${starter}, which is to start it, has not come`;
    if (greeted === undefined)
      return `${this.#how.launcher}${starter === undefined ? "" : ` from ${starter}`} has not led to an agent`;
    const { greeting, seconds } = greeted;
    const when = `the agent came after ${seconds.toFixed(1)} s`;
    return `${when} (node ${greeting.node}), but has not connected back to this host`;
  }

  /**
   * Waits for what the agents of these hosts say of themselves.
   *
   * @throws {LaunchError} If one of them does not get that far, in its host's own words.
   */
  async greetings(hosts: readonly HostEntry[]): Promise<Greeting[]> {
    const asked = hosts.map(async (host) =>
      this.agentOf(host).greeting.catch((error: unknown) => {
        const how = messageOf(error);
        throw new LaunchError(`cannot start the agent on ${host.name}: ${how}`);
      }),
    );
    return Promise.all(asked);
  }

  /** Lets go of agents whose hosts have got no ranks. */
  releaseOthers(hosts: readonly HostEntry[]): void {
    for (const [name, agent] of this.#started) {
      if (hosts.some((host) => host.name === name)) continue;
      agent.configure(undefined);
      agent.release();
    }
  }

  /** Lets go of all. */
  release(): void {
    for (const agent of this.#started.values()) agent.release();
  }

  #startAll(hosts: readonly HostEntry[]): ReadonlyMap<string, RemoteAgent> {
    if (hosts.length === 0) return new Map();
    if (this.#how.launcher === "srun") return startSrunAgents(hosts, this.#how);
    for (const [first, ...others] of groupsOf(hosts, this.#how))
      for (const { name } of others) this.#starters.set(name, first.name);
    return startAgentsOf(hosts, this.#how, this.#turns);
  }
}
