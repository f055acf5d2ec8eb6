import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { KeyPair } from "../src/comm/transports/zmq/curve.js";

/** What an agent reads from its stdin before anything else. Keys never stand in argv or the environment. */
export interface AgentConfig {
  readonly endpoint: string;
  readonly keys: KeyPair;
  readonly nodeRank: number;
  /** Folder of the job on the agent's host. */
  readonly session: string;
  /** Descriptor of the agent that rank 0 is to read as its stdin; `undefined`: /dev/null. */
  readonly stdinFd: number | undefined;
}

/** An agent that has been started. It ends its ranks when its stdin closes. */
export interface AgentProcess {
  /** Resolves when the agent has gone, to how it went: `exit code 0`, `SIGKILL`. */
  readonly gone: Promise<string>;
  /** Lets it go: closes its stdin. */
  release(): void;
}

/** First word of the line that carries the configuration; whatever a login shell prints before it is skipped. */
export const magic = "tsmpi-agent-1";

/**
 * Starts the agent of this host. Its configuration goes to its stdin, which stays open as long as the launcher lives.
 * The agent leads a session of its own, so that a terminal's Ctrl-C reaches the launcher alone. Local.
 *
 * @param stdin - Whether rank 0 reads the launcher's stdin.
 */
export function startLocalAgent(config: Omit<AgentConfig, "stdinFd">, stdin: boolean): AgentProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL("agent.js", import.meta.url))], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit", stdin ? 0 : "ignore"],
  });
  const full: AgentConfig = { ...config, stdinFd: stdin ? 3 : undefined };
  const { stdin: pipe } = child;
  if (!pipe) throw new Error("agent: no pipe to its stdin");
  pipe.on("error", () => undefined); // it has gone, which `gone` tells
  pipe.write(`${magic} ${JSON.stringify(full)}\n`);
  const gone = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return { gone, release: () => pipe.end() };
}
