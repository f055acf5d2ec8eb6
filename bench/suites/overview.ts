import { findBenchmark } from "../catalogue.js";
import type { Section } from "../plan.js";

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** A few figures of everything, by name. */
export const overview: Readonly<Record<string, Section>> = {
  "ping-pong": { benchmark: findBenchmark("latency"), sizes: [8, KiB, 64 * KiB, MiB] },
  objects: { benchmark: findBenchmark("latency_objects"), sizes: [8] },
  allreduce: { benchmark: findBenchmark("allreduce"), ranks: [2, 4, 16], sizes: [8, MiB] },
  barrier: { benchmark: findBenchmark("barrier"), ranks: [2, 4, 16] },
  "start-up": { benchmark: findBenchmark("hello"), ranks: [16] },
  poststack: { benchmark: findBenchmark("poststack") },
};
