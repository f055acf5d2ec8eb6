import type { AgentOrder } from "./agent-order.js";
import { exitCodes } from "./errors.js";
import { greeting, Lines, magic } from "./greeting.js";
import { Agent, ownAddress } from "./host-agent.js";
import type { RemoteAgent } from "./remote-agent.js";
import type { AgentConfig } from "./start-agent.js";
import { messageOf } from "../src/thrown.js";

/**
 * The program that runs as agent of a host: says who it is, does what the lines of its stdin say, and leaves nothing
 * behind when that ends, because the launcher, or the agent that has started this one, has gone. One that was started by
 * hand learns of that from its connection alone.
 */
class AgentProgram {
  #agent: Agent | undefined;
  /** Agents that this one has started, by their hosts. */
  #others: ReadonlyMap<string, RemoteAgent> = new Map();

  /** @param manual - Its stdin is a file. */
  constructor(remote: boolean, manual: boolean) {
    if (remote) {
      process.stderr.write(`${magic}\n`);
      process.stdout.write(greeting(process.env));
    }
    const lines = new Lines((json) => void this.#obey(parseOrder(json)).catch(fail));
    const launcherGone = (): void => this.#launcherGone();
    process.stdin.setEncoding("utf8").on("data", (text: string) => lines.read(text));
    if (!manual) process.stdin.on("end", launcherGone).on("error", launcherGone);
    process.on("exit", () => this.#others.forEach((other) => other.kill()));
  }

  async #obey({ branch, configs = {} }: AgentOrder): Promise<void> {
    if (branch !== undefined) this.#others = (await import("./agent-tree.js")).startBranch(branch);
    for (const [host, config] of Object.entries(configs)) {
      if (host === "" || host === process.env["SLURMD_NODENAME"]) await this.#begin(config);
      else this.#others.get(host)?.configure(config ?? undefined);
    }
  }

  /** Becomes the agent of its host; or leaves, unless others depend on it. */
  async #begin(config: AgentConfig | null): Promise<void> {
    if (config !== null) this.#agent = new Agent(config, await ownAddress(config));
    else if (this.#others.size === 0) process.exit(0);
  }

  #launcherGone(): void {
    if (this.#agent) this.#agent.abandon();
    else process.exit(0); // nothing has been started
  }
}

const parseOrder: (json: string) => AgentOrder = JSON.parse;

function fail(error: unknown): never {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(exitCodes.launcher);
}

new AgentProgram(process.argv.includes("--remote"), process.argv.includes("--manual"));
