import { resolve } from "node:path";
import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { parseCpuList } from "../src/topology/cpu-list.js";

/** What the command line says about looking into ranks. */
export interface DebugOptions {
  /** Ranks with an inspector; `undefined`: none. */
  readonly inspect: { readonly ranks: readonly number[] | "all"; readonly wait: boolean } | undefined;
  /** Port of rank 0's inspector; rank r has the r-th after it. */
  readonly inspectPort: number;
  /** Kinds of profiles that each rank writes when it ends, and where. */
  readonly profiles: readonly Profile[];
  readonly profileFolder: string;
  /** File of events. */
  readonly logJson: string | undefined;
}

export type Profile = "cpu" | "heap";

export const debugKnobs = {
  inspect: {
    value: "RANKS",
    bare: true,
    help: "node's inspector in all ranks, or in 0,4-7; rank r listens on port 9229 + r of its host",
  },
  "inspect-brk": {
    value: "RANKS",
    bare: true,
    help: "the same, and the ranks wait for it before they begin",
  },
  "inspect-port": { value: "PORT", default: "9229", help: "that of rank 0" },
  "cpu-prof": { help: "each rank writes where its time went when it ends" },
  "heap-prof": { help: "the same for its memory" },
  "prof-dir": { value: "FOLDER", default: "profiles", help: "where to" },
  "log-json": {
    value: "FILE",
    help: "one event a line: map, agent, start, ready, failure, exit, report, abort, end, timing",
  },
} as const satisfies Knobs;

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value.
 */
export function readDebug(flags: Flags<typeof debugKnobs>): DebugOptions {
  const { inspect, "inspect-brk": inspectBrk, "inspect-port": inspectPort = "9229", "log-json": log } = flags;
  if (inspect !== undefined && inspectBrk !== undefined)
    throw new UsageError("--inspect and --inspect-brk: keep one of them");
  if (!/^\d{1,5}$/.test(inspectPort) || Number(inspectPort) < 1 || Number(inspectPort) > 65_535)
    throw new UsageError(`--inspect-port ${inspectPort}: not a port; write a number from 1 to 65535`);
  const which = inspectBrk ?? inspect;
  return {
    inspect: which === undefined ? undefined : { ranks: parseRanks(which), wait: inspectBrk !== undefined },
    inspectPort: Number(inspectPort),
    profiles: [
      ...(flags["cpu-prof"] ? ["cpu" as const] : []),
      ...(flags["heap-prof"] ? ["heap" as const] : []),
    ],
    profileFolder: resolve(flags["prof-dir"] ?? "profiles"),
    logJson: log === undefined ? undefined : resolve(log),
  };
}

function parseRanks(text: string | true): readonly number[] | "all" {
  if (text === true || text === "all") return "all";
  const ranks = parseCpuList(text);
  if (ranks?.length) return ranks;
  throw new UsageError(`--inspect=${text}: no ranks; write --inspect=0,4-7, or --inspect for all`);
}
