import { spawn, spawnSync, type ChildProcess } from "node:child_process";

/** How a command ended, and all that it printed until then. */
export interface Ended {
  readonly stdout: string;
  /** Of the whole command. */
  readonly seconds: number;
  /** When it was started, in ms since 1970. */
  readonly startedAt: number;
  /** Why it did not end as it should; undefined if it did. */
  readonly failure: string | undefined;
}

const GRACE_MS = 3000;
const running = new Set<ChildProcess>();
let over = false;
/** Peers compute on one core a rank, as tsmpi does. */
const environment = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

/** Runs a command to its end, or until the time is over: then it is asked to end, and soon killed. */
export async function run([file, ...args]: readonly string[], timeoutMs: number): Promise<Ended> {
  if (over) throw new Error("interrupted");
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], env: environment });
  running.add(child);
  let [stdout, stderr, late] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const limit = setTimeout(() => {
    late = true;
    stop(child);
  }, timeoutMs);
  const failure = await new Promise<string | undefined>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => {
      if (late) resolve(`stopped after ${timeoutMs / 1000} s`);
      else if (code === 0) resolve(undefined);
      else
        resolve(
          `ended with ${signal ?? `exit code ${code}`}: ${[file, ...args].join(" ")}\n${stderr.trim()}`,
        );
    });
  });
  clearTimeout(limit);
  running.delete(child);
  const seconds = (performance.timeOrigin + performance.now() - startedAt) / 1000;
  return { stdout, seconds, startedAt, failure };
}

/** Ends all that run, and lets nothing start any more. */
export function endAll(): void {
  over = true;
  for (const child of running) stop(child);
}

/** mpirun and tsmpirun end their ranks; what does not heed that is killed. */
function stop(child: ChildProcess): void {
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  child.on("close", () => clearTimeout(kill));
}

/** What a command prints, or undefined if it is not there or fails. */
export function outputOf(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
  return status === 0 ? stdout : undefined;
}
