import { LaunchError } from "./errors.js";
import type { Greeting } from "./greeting.js";
import type { HostEntry } from "./hostfile.js";
import { isThisHost } from "./hosts.js";
import type { EndingOptions } from "./ending-options.js";
import type { Options } from "./options.js";
import type { RemoteAgent } from "./remote-agent.js";
import type { Manager } from "./resource-manager.js";
import { startSrunAgents } from "./srun-agents.js";
import { Turns } from "./turns.js";
import { startPlainAgent, startSshAgent } from "./ssh-agent.js";

/** How agents of other hosts are started; `fork`: on this one, which plays the others. */
export const launchers = ["ssh", "srun", "exec", "fork"] as const;
export type Launcher = (typeof launchers)[number];

export interface Launching {
  readonly launcher: Launcher;
  /** The ssh client, or the command of `exec`. */
  readonly command: string;
  readonly sshArgs: string;
  readonly node: string | undefined;
  readonly remotePrefix: string | undefined;
  readonly heartbeatMs: number;
  /** Agents that are on their way at the same time. */
  readonly sshConcurrency: number;
}

/**
 * How agents are started: as the command line says, else as the resource manager would have it, else over ssh. Local,
 * pure.
 */
export function howToLaunch(
  options: Pick<Options, "launcher" | "ssh" | "sshArgs" | "node" | "remotePrefix" | "sshConcurrency"> &
    Pick<EndingOptions, "heartbeatMs">,
  manager: Manager | undefined,
): Launching {
  const launcher = options.launcher ?? (manager === undefined || options.ssh ? "ssh" : LAUNCHER_OF[manager]);
  const plain = manager === undefined ? undefined : PLAIN[manager];
  const command = options.ssh ?? (launcher === "exec" ? plain : undefined) ?? "ssh";
  return { ...options, launcher, command };
}

const LAUNCHER_OF: Readonly<Record<Manager, Launcher>> = {
  slurm: "srun",
  pbs: "ssh",
  lsf: "exec",
  sge: "exec",
};
const PLAIN: Readonly<Partial<Record<Manager, string>>> = { lsf: "blaunch", sge: "qrsh -inherit" };

/** The agents of other hosts, each started once, at the latest when its host gets ranks. */
export class RemoteAgents {
  readonly #how: Launching;
  readonly #turns: Turns;
  readonly #started = new Map<string, RemoteAgent>();
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
    for (const [i, agent] of this.#startAll(absent).entries()) {
      const { name } = absent[i];
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
    if (greeted === undefined) return `${this.#how.launcher} has not led to an agent`;
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
        const how = error instanceof Error ? error.message : String(error);
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
      if (this.#how.launcher !== "srun") agent.release(); // one srun leads to all
    }
  }

  /** Lets go of all. */
  release(): void {
    for (const agent of this.#started.values()) agent.release();
  }

  #startAll(hosts: readonly HostEntry[]): RemoteAgent[] {
    const { launcher, command, ...paths } = this.#how;
    if (hosts.length === 0) return [];
    if (launcher === "srun")
      return startSrunAgents(
        hosts.map(({ name }) => name),
        paths,
      );
    return hosts.map((host) =>
      this.#turns.start(() =>
        launcher === "exec"
          ? startPlainAgent(host, paths, command)
          : startSshAgent(host, { ...paths, ssh: command }),
      ),
    );
  }
}
