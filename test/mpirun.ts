import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TSMPI = join(root, "dist/launcher/tsmpi.js");
const LIMIT_MS = 250_000;

/** A real MPI that may be installed on this machine. */
export interface Engine {
  readonly name: string;
  readonly mpirun: string;
  readonly options: readonly string[];
  /** Why it cannot be used; `false` if it can. */
  readonly skip: string | false;
}

export const engines: readonly Engine[] = [
  find("Open MPI", ["mpirun.openmpi", "mpirun"], /Open MPI/, ["--oversubscribe", "--allow-run-as-root"]),
  find("MPICH", ["mpirun.mpich", "mpirun"], /HYDRA/, []),
];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program as `size` ranks of this engine, through `tsmpi`; ends it after a time limit. */
export function mpirun(
  { mpirun, options }: Engine,
  size: number,
  words: readonly string[],
  {
    env = {},
    command = [process.execPath, TSMPI],
  }: { env?: NodeJS.ProcessEnv; command?: readonly string[] } = {},
): Promise<Outcome> {
  return run(mpirun, [...options, "-n", String(size), ...command, ...words], env);
}

export function run(
  command: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const child = spawn(command, words, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return outcomeOf(child);
}

/** Gathers what a process writes until it ends; ends it after a time limit. */
export function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  child.stdin?.end();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const limit = setTimeout(() => child.kill("SIGTERM"), LIMIT_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * Writes a program that runs the bodies of all test files, one file after the other; returns how many files.
 *
 * @param room - Of those of one folder only.
 */
export function writeAllBodies(path: string, room = ""): number {
  const folder = join(root, "test", room);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name))
    .filter((name) => /^await realRanks\(/m.test(readFileSync(name, "utf8")));
  const imports = files.map((name) => `await import(${JSON.stringify(name)});\n`);
  writeFileSync(path, imports.join(""));
  return files.length;
}

function find(name: string, names: readonly string[], version: RegExp, options: readonly string[]): Engine {
  for (const mpirun of names) {
    const { stdout, error } = spawnSync(mpirun, ["--version"], { encoding: "utf8" });
    if (error === undefined && version.test(stdout)) return { name, mpirun, options, skip: false };
  }
  return { name, mpirun: names[0], options, skip: `${name} is not installed` };
}
