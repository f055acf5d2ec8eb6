import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A process that runs the cases by name, as often as it is asked: so that both sides take turns. */
export interface Peer {
  readonly name: string;
  /** Seconds of the best call within `ms` milliseconds; undefined if the peer has no such case. */
  best(name: string, size: number, ms: number): Promise<number | undefined>;
  stop(): void;
}

const SOURCES = fileURLToPath(new URL("../../bench/peers/kernels/", import.meta.url));

/** NumPy and SciPy, of the first Python that has them. */
export function startNumpy(): Peer | undefined {
  for (const python of ["/usr/bin/python3", "python3"]) {
    const { status, stdout } = spawnSync(python, ["-c", "import numpy, scipy; print(numpy.__version__, scipy.__version__)"], { encoding: "utf8" }); // prettier-ignore
    if (status !== 0) continue;
    const [numpy, scipy] = stdout.trim().split(" ");
    return peer(
      `NumPy ${numpy}, SciPy ${scipy}`,
      spawn(python, [join(SOURCES, "loops.py")]),
      () => undefined,
    );
  }
  return undefined;
}

/** Plain loops in C, compiled for this machine. */
export function startC(): Peer | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-bench-kernels-"));
  const program = join(folder, "kernels");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const built = spawnSync("cc", [
    "-O3",
    "-march=native",
    "-ffast-math",
    "-o",
    program,
    join(SOURCES, "loops.c"),
  ]);
  if (built.status === 0) return peer("C", spawn(program), remove);
  remove();
  return undefined;
}

function peer(name: string, child: ChildProcess, onStop: () => void): Peer {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error(`${name}: no pipes`);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    name,
    async best(what, size, ms) {
      stdin.write(`${what}\t${size}\t${ms}\n`);
      const answer: IteratorResult<string, undefined> = await lines.next();
      const seconds = answer.done ? NaN : Number(answer.value);
      return Number.isFinite(seconds) ? seconds : undefined;
    },
    stop() {
      stdin.end();
      onStop();
    },
  };
}
