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
for name, (dims, values) in json.loads(sys.stdin.readline()).items(): globals()[name] = np.array(values).reshape(dims)
x = None
for line in sys.stdin:
    dims, statement = json.loads(line)
    if x is None or x.shape != tuple(dims): x = np.sin(np.arange(np.prod(dims), dtype=float)).reshape(dims); y = x.copy()
    code = compile(statement, "bench", "exec")
    started = time.perf_counter(); exec(code); print(time.perf_counter() - started, flush=True)
`;

/** An array that statements know by its name. */
export interface Known {
  readonly dims: readonly number[];
  readonly values: ArrayLike<number>;
}

/** python3 with NumPy and SciPy on one thread, which waits for statements; nothing if it is not there. */
export function startPython(arrays: Readonly<Record<string, Known>>): Python | undefined {
  const command = ["python3", "/usr/bin/python3"].find(
    (name) => spawnSync(name, ["-c", "import numpy, scipy.signal, scipy.ndimage"]).status === 0,
  );
  if (command === undefined) return undefined;
  const child = spawn(command, ["-c", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const plain = Object.entries(arrays).map(([name, { dims, values }]) => [name, [dims, Array.from(values)]]);
  child.stdin.write(`${JSON.stringify(Object.fromEntries(plain))}\n`);
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
