import { resolve } from "node:path";
import type { Knobs } from "../src/knobs.js";
import { UsageError } from "./errors.js";
import type { Flags } from "./knobs.js";
import { given, port, ranks } from "./option-values.js";

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
  const wait = inspectBrk !== undefined;
  const name = wait ? "--inspect-brk" : "--inspect";
  return {
    inspect: given(inspectBrk ?? inspect, (which) => ({
      ranks: which === true || which === "all" ? "all" : ranks(name, which),
      wait,
    })),
    inspectPort: port("--inspect-port", inspectPort),
    profiles: [
      ...(flags["cpu-prof"] ? ["cpu" as const] : []),
      ...(flags["heap-prof"] ? ["heap" as const] : []),
    ],
    profileFolder: resolve(flags["prof-dir"] ?? "profiles"),
    logJson: given(log, (path) => resolve(path)),
  };
}
