import { checkOptions } from "../options.js";
import { checkReduction, checkTimeout } from "./arguments.js";
import type { CallOptions } from "./types.js";

/** What calls without options have: recognised by identity, so that checking them costs nothing. */
export const NO_OPTIONS = {} as const;

const LIMITS = ["signal", "timeoutMs"] as const;
const REDUCING = ["op", "reproducible", "into", ...LIMITS] as const;
const BLOCKS = ["into", "counts", "displs", ...LIMITS] as const;
const EXCHANGED = [...BLOCKS, "recvCounts", "recvDispls"] as const;
const SENDRECV = ["dest", "source", "sendTag", "recvTag", ...LIMITS] as const;
const RECV = ["source", "tag", ...LIMITS] as const;
const TARGET = ["displ", ...LIMITS] as const;
const GRAPH = ["sources", "destinations", "sourceWeights", "destinationWeights", "edges", ...LIMITS] as const;

/** The options that each call knows; any other is an error. */
const KNOWN = {
  send: ["tag", "mode", ...LIMITS],
  recv: ["into", ...RECV],
  sendrecv: ["into", ...SENDRECV],
  sendrecvReplace: SENDRECV,
  probe: RECV,
  mprobe: RECV,
  iprobe: ["source", "tag"],
  improbe: ["source", "tag"],
  sendInit: ["tag", "mode"],
  recvInit: ["source", "tag"],
  flushBuffer: LIMITS,
  configure: ["timeoutMs", "bufferBytes", "algorithms"],
  none: LIMITS,
  barrier: LIMITS,
  bcast: ["root", "into", ...LIMITS],
  reduce: ["root", ...REDUCING],
  allreduce: REDUCING,
  allreduceInit: ["op", "reproducible", ...LIMITS],
  scan: REDUCING,
  exscan: REDUCING,
  reduceScatter: ["counts", ...REDUCING],
  gather: ["root", ...BLOCKS],
  scatter: ["root", ...BLOCKS],
  allgather: BLOCKS,
  alltoall: EXCHANGED,
  alltoallw: ["into", ...LIMITS],
  neighborAllgather: BLOCKS,
  neighborAlltoall: EXCHANGED,
  neighborAlltoallInit: EXCHANGED,
  neighborAlltoallw: ["into", ...LIMITS],
  split: LIMITS,
  splitNode: ["key", "by", ...LIMITS],
  create: LIMITS,
  cart: ["periods", "reorder", ...LIMITS],
  graph: GRAPH,
  counter: ["root", "start", ...LIMITS],
  mutex: ["root", ...LIMITS],
  sequential: LIMITS,
  syncedTime: LIMITS,
  next: LIMITS,
  lock: LIMITS,
  unlock: LIMITS,
  lockAll: LIMITS,
  unlockAll: LIMITS,
  flush: LIMITS,
  flushAll: LIMITS,
  fence: LIMITS,
  put: TARGET,
  get: ["count", "into", ...TARGET],
  accumulate: ["op", ...TARGET],
  getAccumulate: ["op", "into", ...TARGET],
  fetchAndOp: ["op", ...TARGET],
  compareAndSwap: TARGET,
  createWindow: LIMITS,
  allocateShared: LIMITS,
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CallName = keyof typeof KNOWN;

const REDUCTIONS: ReadonlySet<string> = new Set(
  Object.entries(KNOWN).flatMap(([name, known]) => (known.includes("reproducible" as never) ? [name] : [])),
);

/** @throws {TypeError | RangeError} For an option that the call does not know, or a time that is none. */
export function checkCall(
  comm: Parameters<typeof checkTimeout>[0],
  name: CallName,
  options: CallOptions & { readonly op?: unknown },
): void {
  if (options === NO_OPTIONS) return;
  checkOptions(name, options, KNOWN[name]);
  if (options.op !== undefined && REDUCTIONS.has(name)) checkReduction(name, options.op);
  if (options.timeoutMs !== undefined) checkTimeout(comm, name, options.timeoutMs);
}

/** The same error, if there is one: in a collective it is told to all ranks. */
export function problemWith(
  comm: Parameters<typeof checkTimeout>[0],
  name: CallName,
  options: CallOptions,
): Error | undefined {
  try {
    checkCall(comm, name, options);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
