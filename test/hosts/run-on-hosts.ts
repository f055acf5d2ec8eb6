import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Test } from "tap";
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
export async function runOnHosts(
  t: Test,
  { hosts, args, watch, prefix = [], input = "", limitMs = 45_000 }: Run,
) {
  const runtime = mkdtempSync(join(tmpdir(), "tsmpi-run-"));
  t.teardown(() => rmSync(runtime, { recursive: true }));
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
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(limit);
  t.same(await leftOn(hosts, runtime), [], "nothing is left on any host");
  return { code, stdout, stderr };
}

/** Processes, and session folders below `runtime`, that are still there after some seconds. */
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
