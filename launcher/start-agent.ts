import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import type { Readable } from "node:stream";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { PortRange } from "../src/comm/wire/ports.js";
import type { AgentOrder } from "./agent-order.js";
import { magic } from "./greeting.js";
import type { Invitation, RankKeys } from "./keys.js";
import { lastCall } from "./last-call.js";
import { root as ownRoot } from "./version.js";

/** What an agent reads from its stdin before anything else. Keys never stand in argv or the environment. */
export interface AgentConfig {
  readonly endpoint: string;
  readonly invitation: Invitation;
  readonly rankKeys: RankKeys;
  readonly nodeRank: number;
  /** Agents of the job, each of which others try to reach if there are several. */
  readonly among: number;
  /** A launcher that has been silent for so long is gone. */
  readonly heartbeatMs: number;
  /** Address at which ranks of other hosts reach this host's ranks; `undefined`: the one that leads to `endpoint`. */
  readonly address: string | undefined;
  /** Interface or subnet that goes before `address`. */
  readonly iface: string | undefined;
  /** Ports that its ranks may open; `undefined`: any. */
  readonly ports: PortRange | undefined;
  /** Who of this host's ranks inherits which descriptor of the agent as its stdin. */
  readonly heir: { readonly rank: number; readonly fd: number } | undefined;
  /** Ranks that are sent what they read; those of other hosts may be among them. */
  readonly fed: readonly number[];
  /** Where a host has not the working directory, ranks run in the user's home. */
  readonly anywhere: boolean;
  /** What ranks print is passed on as it comes, not line by line. */
  readonly raw: boolean;
}

/** Where an agent of this host has the launcher's stdin. */
export const STDIN_FD = 3;

/** The file in an agent's session folder that ranks run. */
export const PROGRAM = "program.mjs";

/** An agent that has been started. It ends its ranks when its stdin closes. */
export interface AgentProcess {
  /** Whether its ranks are processes of this host. */
  readonly local: boolean;
  /** Resolves when the agent has gone, to how it went: `exit code 0`, `SIGKILL`, with what it said to stderr. */
  readonly gone: Promise<string>;
  /** Lets it go: closes its stdin. */
  readonly release: () => void;
  /** Ends the process of this host that is the agent, or leads to it. */
  readonly kill: () => void;
}

/** Beside this file: the agent of a bundled launcher is bundled, too. */
const OWN_AGENT = fileURLToPath(new URL("agent.js", import.meta.url));

/** The file that runs as agent, in the tsmpi that is installed in `root`. */
export function agentFile(root: string): string {
  return `${root}/${relative(ownRoot, OWN_AGENT)}`;
}

/**
 * Starts an agent of this host. Its configuration goes to its stdin, which stays open as long as the launcher lives.
 * The agent leads a session of its own, so that a terminal's Ctrl-C reaches the launcher alone. Local.
 *
 * @param stdin - Whether one of its ranks inherits the launcher's stdin.
 */
export function startLocalAgent(configure: Promise<AgentConfig>, stdin: boolean): AgentProcess {
  const child = startChild(
    process.execPath,
    [OWN_AGENT, "--local"],
    ["pipe", "ignore", "inherit", stdin ? 0 : "ignore"],
  );
  void configure.then(
    (config) => child.order({ configs: { "": config } }),
    () => child.release(),
  );
  return { local: true, gone: child.gone, release: child.release, kill: child.kill };
}

/** A process of this host that is an agent, or leads to one. */
export interface AgentChild {
  /** Resolves when it has ended and all that it said has been read, to how it ended. */
  readonly gone: Promise<string>;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly order: (order: AgentOrder) => void;
  readonly release: () => void;
  readonly kill: () => void;
}

const LAST_WORDS_MS = 500;

/** Starts it with a pipe to its stdin. Local. */
export function startChild(
  command: string,
  args: readonly string[],
  stdio: StdioOptions,
  env = process.env,
): AgentChild {
  const child: ChildProcess = spawn(command, args, { detached: true, stdio, env });
  const { stdin } = child;
  if (!stdin) throw new Error(`${command}: no pipe to its stdin`);
  stdin.on("error", () => undefined); // it has gone, which `gone` tells
  const gone = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    // Its last words are read after it has ended; what it has started may hold its pipes for as long as it likes.
    child.on("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on("exit", (code, signal) => {
      lastCall(() => resolve(signal ?? `exit code ${code}`), LAST_WORDS_MS);
    });
  });
  return {
    gone,
    stdout: child.stdout,
    stderr: child.stderr,
    order: (order) => void stdin.write(`${magic} ${JSON.stringify(order)}\n`),
    release: () => void stdin.end(),
    kill: () => void child.kill(),
  };
}
