import type { Communicator } from "tsmpi";
import type { Effort, Loop, Measured } from "./harness.js";
import { measure, time } from "./harness.js";
import { pattern, summands, wrongBytes, wrongSums } from "./patterns.js";

export function barrier(comm: Communicator): Loop {
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.barrier();
    },
  };
}

/** Roots take turns, as in IMB: with one root, the others would only be told how fast it can start. */
export function bcast(comm: Communicator, bytes: number): Loop {
  const buffer = new Uint8Array(bytes);
  const values = pattern(bytes, 0);
  let last = 0;
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        last = i % comm.size;
        await comm.bcast(buffer, { root: last, into: buffer });
      }
    },
    clear: () => (comm.rank === 0 ? buffer.set(values) : buffer.fill(0)), // the first root has the values
    wrong: () => wrongBytes(buffer, 0),
  };
}

export function allreduce(comm: Communicator, bytes: number): Loop {
  const x = summands(bytes / 8, comm.rank);
  const into = new Float64Array(x.length);
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.allreduce(x, { into });
    },
    clear: () => into.fill(-1),
    wrong: () => wrongSums(into, comm.size),
  };
}

export function reduce(comm: Communicator, bytes: number): Loop {
  const { rank, size } = comm;
  const x = summands(bytes / 8, rank);
  const into = new Float64Array(x.length);
  let last = 0;
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        last = i % size;
        await comm.reduce(x, { root: last, into });
      }
    },
    clear: () => into.fill(-1),
    wrong: () => (rank === last ? wrongSums(into, size) : 0),
  };
}

/** `bytes` of the whole vector, of which every rank gets its part. */
export function reduceScatter(comm: Communicator, bytes: number): Loop {
  const { rank, size } = comm;
  const length = bytes / 8;
  const counts = Array.from(
    { length: size },
    (_, r) => Math.floor(length / size) + (r < length % size ? 1 : 0),
  );
  const start = counts.slice(0, rank).reduce((sum, count) => sum + count, 0);
  const x = summands(length, rank);
  const into = new Float64Array(counts[rank]);
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.reduceScatter(x, { counts, into });
    },
    clear: () => into.fill(-1),
    wrong: () => wrongSums(into, size, start),
  };
}

/** `bytes` from every rank. */
export function allgather(comm: Communicator, bytes: number): Loop {
  const out = pattern(bytes, comm.rank);
  const into = new Uint8Array(bytes * comm.size);
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.allgather(out, { into });
    },
    clear: () => into.fill(0),
    wrong: () => wrongBlocks(into, comm.size),
  };
}

/** `bytes` from every rank to every rank; block d of rank r has the pattern of rank r, so that `into` has all of them. */
export function alltoall(comm: Communicator, bytes: number): Loop {
  const out = new Uint8Array(bytes * comm.size);
  for (let dest = 0; dest < comm.size; dest++) out.set(pattern(bytes, comm.rank), dest * bytes);
  const into = new Uint8Array(bytes * comm.size);
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.alltoall(out, { into });
    },
    clear: () => into.fill(0),
    wrong: () => wrongBlocks(into, comm.size),
  };
}

export function gather(comm: Communicator, bytes: number): Loop {
  const { rank, size } = comm;
  const out = pattern(bytes, rank);
  const into = new Uint8Array(bytes * size);
  let last = 0;
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) {
        last = i % size;
        await comm.gather(out, { root: last, into });
      }
    },
    clear: () => into.fill(0),
    wrong: () => (rank === last ? wrongBlocks(into, size) : 0),
  };
}

export function scatter(comm: Communicator, bytes: number): Loop {
  const { rank, size } = comm;
  const out = new Uint8Array(bytes * size);
  for (let dest = 0; dest < size; dest++) out.set(pattern(bytes, dest), dest * bytes);
  const into = new Uint8Array(bytes);
  return {
    async repeat(count) {
      for (let i = 0; i < count; i++) await comm.scatter(out, { root: i % size, into });
    },
    clear: () => into.fill(0),
    wrong: () => wrongBytes(into, rank),
  };
}

/**
 * Computation between the start and the end of an allreduce, as long as the allreduce takes alone: first the allreduce,
 * then the computation, then both at once.
 */
export async function iallreduce(
  comm: Communicator,
  bytes: number,
  effort: Effort,
  first: boolean,
): Promise<Measured> {
  const loop = allreduce(comm, bytes);
  const x = summands(bytes / 8, comm.rank);
  const into = new Float64Array(x.length);
  const { seconds: pureSeconds, errors } = await measure(comm, loop, effort, first);
  const steps = Math.ceil(pureSeconds / secondsPerStep());
  const computation = { repeat: async (count: number) => work(steps * count) };
  const { seconds: computeSeconds } = await time(comm, computation, effort, false);
  const both = {
    async repeat(count: number) {
      for (let i = 0; i < count; i++) {
        const request = comm.allreduce(x, { into });
        work(steps);
        await request;
      }
    },
  };
  return { ...(await time(comm, both, effort, false)), pureSeconds, computeSeconds, errors };
}

const sink = new Float64Array(1); // so that the computation has a result

/** Keeps a core busy, and its memory idle. */
function work(steps: number): void {
  let x = 1;
  for (let i = 0; i < steps; i++) x = x * 0.999999 + 1e-6;
  sink[0] += x;
}

function secondsPerStep(): number {
  const STEPS = 1_000_000;
  let least = Infinity;
  for (let k = 0; k < 5; k++) {
    const start = performance.now();
    work(STEPS);
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000 / STEPS;
}

function wrongBlocks(into: Uint8Array, size: number): number {
  const bytes = into.length / size;
  let wrong = 0;
  for (let rank = 0; rank < size; rank++) wrong += wrongBytes(into, rank, rank * bytes, bytes);
  return wrong;
}
