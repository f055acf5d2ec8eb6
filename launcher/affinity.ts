import { requireNative } from "../src/native.js";

/**
 * Runs `action` while this thread may run on these CPUs only: processes that it starts inherit that. Local.
 *
 * Costs microseconds, where a program in between (taskset) would cost a millisecond for each process. Not on Linux:
 * `action` runs as it is.
 *
 * @param cpus - Numbers of CPUs; none: all as before.
 * @throws {Error} If the system refuses, because none of them is there or allowed.
 */
export function withCpus<T>(cpus: readonly number[], action: () => T): T {
  if (cpus.length === 0 || process.platform !== "linux") return action();
  const { get, set } = load();
  const before = new Uint8Array(MASK_BYTES);
  if (get(0, MASK_BYTES, before) < 0) throw new Error("sched_getaffinity: failed");
  if (set(0, MASK_BYTES, maskOf(cpus)) < 0)
    throw new Error(`cannot bind to CPUs ${cpus.join(",")}: this job may not run on any of them`);
  try {
    return action();
  } finally {
    set(0, MASK_BYTES, before);
  }
}

/** 8192 CPUs, as many as Linux has at most. */
const MASK_BYTES = 1024;

/** The set of CPUs as the kernel has it: a bit for each. Local, pure. */
export function maskOf(cpus: readonly number[]): Uint8Array {
  const mask = new Uint8Array(MASK_BYTES);
  for (const cpu of cpus) mask[cpu >> 3] |= 1 << (cpu & 7);
  return mask;
}

type Affinity = (pid: number, bytes: number, mask: Uint8Array) => number;

function load(): { readonly get: Affinity; readonly set: Affinity } {
  return (loaded ??= define());
}

let loaded: ReturnType<typeof define> | undefined;

function define(): { readonly get: Affinity; readonly set: Affinity } {
  const libc = requireNative<typeof import("koffi")>("koffi").load(null);
  const get: Affinity = libc.func("int sched_getaffinity(int pid, size_t bytes, uint8_t *mask)");
  const set: Affinity = libc.func("int sched_setaffinity(int pid, size_t bytes, const uint8_t *mask)");
  return { get, set };
}
