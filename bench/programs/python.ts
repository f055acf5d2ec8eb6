import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** A statement of Python, timed once each time it is called, in seconds. */
export type Timed = () => Promise<number>;

export interface Python {
  /** The fastest of several statements on arrays x and y of these dims. */
  fastest(dims: readonly number[], statements: readonly string[]): Promise<Timed>;
  end(): void;
}

const PROGRAM = `
import os, sys, json, time
for name in ("OMP", "OPENBLAS", "MKL"): os.environ[name + "_NUM_THREADS"] = "1"
import numpy as np, scipy.signal, scipy.ndimage
w, f = [np.array(a) for a in json.loads(sys.stdin.readline())]
f = f.reshape(7, 7)
x = None
for line in sys.stdin:
    dims, statement = json.loads(line)
    if x is None or x.shape != tuple(dims): x = np.sin(np.arange(np.prod(dims), dtype=float)).reshape(dims); y = x.copy()
    code = compile(statement, "bench", "exec")
    started = time.perf_counter(); exec(code); print(time.perf_counter() - started, flush=True)
`;

/** python3 with NumPy and SciPy on one thread, which waits for statements; nothing if it is not there. */
export function startPython({ w, f }: Record<"w" | "f", ArrayLike<number>>): Python | undefined {
  const command = ["python3", "/usr/bin/python3"].find(
    (name) => spawnSync(name, ["-c", "import numpy, scipy.signal, scipy.ndimage"]).status === 0,
  );
  if (command === undefined) return undefined;
  const child = spawn(command, ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  child.stdin.write(`${JSON.stringify([Array.from(w), Array.from(f)])}\n`);
  const time = async (dims: readonly number[], statement: string): Promise<number> => {
    child.stdin.write(`${JSON.stringify([dims, statement])}\n`);
    const answer = await answers.next();
    if (answer.done) throw new Error(`python: it ended at ${statement}`);
    return Number(answer.value);
  };
  return {
    async fastest(dims, statements) {
      const times: number[] = [];
      for (const statement of statements) times.push(await time(dims, statement));
      const best = statements[times.indexOf(Math.min(...times))];
      return () => time(dims, best);
    },
    end: () => child.stdin.end(),
  };
}
