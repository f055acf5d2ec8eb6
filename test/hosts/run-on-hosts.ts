import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
import type { Outcome } from "../launcher/tsmpirun.js";
import type { Hosts } from "./namespaces.js";

export const LAUNCHER = fileURLToPath(new URL("../../launcher/cli.js", import.meta.url));

export interface Run {
  readonly hosts: Hosts;
  readonly args: readonly string[];
  /** Called with all of stdout so far, whenever there is more. */
  readonly watch?: (stdout: string) => void;
  /** Goes before the command. */
  readonly prefix?: readonly string[];
  readonly input?: string;
  /** The job is ended after that time. */
  readonly limitMs?: number;
}

/** Runs tsmpirun on the first host. Nothing may be left on any. */
export async function runOnHosts(t: Test, run: Run) {
  const { left, ...outcome } = await launchOnHosts(run);
  t.same(left, [], "nothing is left on any host");
  return outcome;
}

/** Runs tsmpirun on the first host. Returns what is left on any, too. */
export async function launchOnHosts({
  hosts,
  args,
  watch,
  prefix = [],
  input = "",
  limitMs = 90_000,
}: Run): Promise<Omit<Outcome, "seconds">> {
  const runtime = mkdtempSync(join(tmpdir(), "tsmpi-run-"));
  const command = [...prefix, process.execPath, LAUNCHER, "--ssh-args", `-F ${hosts.sshConfig}`, ...args];
  const child = hosts.start(command, { ...process.env, XDG_RUNTIME_DIR: runtime, TMPDIR: runtime });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    watch?.(stdout);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin?.on("error", () => undefined).end(input);
  const limit = setTimeout(() => hosts.kill(hosts.names[0], LAUNCHER), limitMs);
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(limit);
  const { exitCode: code, signalCode: signal } = child;
  const left = await leftOn(hosts, runtime);
  rmSync(runtime, { recursive: true });
  return { code, signal, stdout, stderr, left };
}

/** Processes, shared memory, and session folders below `runtime`, that are still there after some seconds. */
export async function leftOn(hosts: Hosts, runtime: string): Promise<string[]> {
  let left: string[] = [];
  for (let tries = 0; tries < 50; tries++) {
    const processes = hosts.names.flatMap((name) => hosts.running(name).map((line) => `${name}: ${line}`));
    left = [...processes, ...(existsSync(runtime) ? readdirSync(runtime) : [])];
    if (left.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return left;
}
