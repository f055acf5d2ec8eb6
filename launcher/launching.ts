import type { EndingOptions } from "./ending-options.js";
import { given, oneOf } from "./option-values.js";
import type { Options } from "./options.js";
import type { Manager } from "./resource-manager.js";

/** How agents of other hosts are started; `fork`: on this one, which plays the others; `manual`: by hand. */
const launchers = ["ssh", "srun", "exec", "fork", "manual"] as const;
export type Launcher = (typeof launchers)[number];

/** @throws {UsageError} For an unknown one. */
export function readLauncher(name: string | undefined): Launcher | undefined {
  return given(name, (text) => oneOf("--launcher", text, launchers));
}

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
  /** Over ssh, the launcher and every agent start at most so many others; those start the rest. */
  readonly treeSpawn: number;
}

/**
 * How agents are started: as the command line says, else as the resource manager would have it, else over ssh. Local,
 * pure.
 */
export function howToLaunch(
  options: Pick<
    Options,
    "launcher" | "ssh" | "sshArgs" | "node" | "remotePrefix" | "sshConcurrency" | "treeSpawn"
  > &
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
