import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shellWord } from "../../src/shell-word.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A test program, by name. */
export function program(name: string): string {
  return join(root, "test/launcher/programs", name);
}

/** The command line of an agent of another host, with nothing secret on it. */
export const AGENT_COMMAND = `${[process.execPath, join(root, "dist/launcher/agent.js")].map(shellWord).join(" ")} --remote`;

/** A command that plays ssh on this host, as `--ssh` takes it. */
export const PLAYED_SSH = `sh ${shellWord(program("ssh.sh"))}`;

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** Processes, session folders and shared memory of the job that are still there half a second later. */
  readonly left: readonly string[];
}

export interface RunOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It leads a process group, as a command in a terminal does. */
  readonly ownGroup?: true;
  /** Called with the process as soon as there is one. */
  readonly started?: (process: ChildProcess) => void;
  /** Called with all of stdout so far, whenever there is more. */
  readonly watch?: (process: ChildProcess, stdout: string) => void;
}

/** Runs tsmpirun in a runtime folder of its own, so that all it leaves behind is found. */
export async function tsmpirun(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-test-"));
  const marker = randomUUID();
  const earlier = sharedMemory();
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, "dist/launcher/cli.js"), ...args], {
    cwd: options.cwd ?? root,
    detached: options.ownGroup,
    env: { ...withoutJob(), XDG_RUNTIME_DIR: folder, TSMPI_TEST: marker, ...options.env },
  });
  options.started?.(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    options.watch?.(child, stdout);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const seconds = (performance.now() - started) / 1000;
      void leftovers(marker, folder, earlier).then((left) => {
        rmSync(folder, { recursive: true });
        resolve({ code, signal, stdout, stderr, seconds, left });
      });
    });
  });
}

/** The environment without what tsmpirun gives to ranks, should the tests themselves run in one. */
function withoutJob(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TSMPI_")));
}

/** What is left of a job, once it has stopped changing; shared memory that was there before is another job's. */
async function leftovers(marker: string, folder: string, earlier: readonly string[]): Promise<string[]> {
  let found: string[] = [];
  for (let tries = 0; tries < 10; tries++) {
    found = [...processesWith(marker), ...readdirSync(folder), ...sharedMemory()].filter(
      (name) => !earlier.includes(name),
    );
    if (found.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return found;
}

function processesWith(marker: string): string[] {
  if (process.platform !== "linux") return [];
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return ""; // it has just ended, or is another user's
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && read(name, "environ").includes(marker))
    .map((pid) => `process ${pid}: ${read(pid, "cmdline").replaceAll("\0", " ")}`);
}

function sharedMemory(): string[] {
  if (!existsSync("/dev/shm")) return [];
  // Jobs of a real MPI, which other tests may be running now, have segments of another name.
  return readdirSync("/dev/shm").filter((name) => /^tsmpi(?!-mpi)/.test(name));
}
