import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Communicator } from "../src/comm/types.js";
import { heapStatistics, type HeapStatistics } from "../src/kernels/index.js";

/** What is in use while all ranks are here, after a garbage collection. */
export interface HeapUse {
  /** Bytes of JavaScript's heap. */
  readonly js: number;
  readonly wasm: Pick<HeapStatistics, "arrays" | "used" | "overflowed">;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void; // what the flag has put there

/** Collective, for ranks that share one process. */
export async function heapUse(comm: Communicator): Promise<HeapUse> {
  await comm.barrier();
  await new Promise((turn) => setImmediate(turn)); // until then V8 keeps what was held weakly
  collect();
  const { arrays, used, overflowed } = heapStatistics();
  const js = process.memoryUsage().heapUsed;
  await comm.barrier();
  return { js, wasm: { arrays, used, overflowed } };
}

/**
 * Runs an action again and again, in rounds.
 *
 * @returns Bytes of JavaScript's heap that stayed in the round in which the fewest did: what V8 compiles is in some rounds,
 * what the action leaves is in all of them. And the wasm heap after the first round and after the last.
 */
export async function heapGrowth(
  comm: Communicator,
  action: () => Promise<unknown>,
  { rounds, times }: { rounds: number; times: number },
): Promise<{ js: number; wasm: readonly [first: HeapUse["wasm"], last: HeapUse["wasm"]] }> {
  for (let i = 0; i < times; i++) await action(); // what V8 compiles at first
  const states = [await heapUse(comm)];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < times; i++) await action();
    states.push(await heapUse(comm));
  }
  const js = Math.min(...states.slice(1).map((state, k) => state.js - states[k].js));
  return { js, wasm: [states[1].wasm, states[rounds].wasm] };
}
