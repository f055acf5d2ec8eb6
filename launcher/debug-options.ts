import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "./errors.js";
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

export interface DebugFlags {
  inspect?: string | true;
  inspectBrk?: string | true;
  inspectPort?: string;
  cpuProf?: boolean;
  heapProf?: boolean;
  profDir?: string;
  logJson?: string;
}

/** Adds the options to the command. */
export function defineDebug(command: Command): Command {
  return command
    .addOption(new Option("--inspect [ranks]"))
    .addOption(new Option("--inspect-brk [ranks]"))
    .addOption(new Option("--inspect-port <port>"))
    .addOption(new Option("--cpu-prof"))
    .addOption(new Option("--heap-prof"))
    .addOption(new Option("--prof-dir <folder>"))
    .addOption(new Option("--log-json <file>"));
}

/**
 * Reads the options. Local, pure.
 *
 * @throws {UsageError} For a wrong value.
 */
export function readDebug(flags: DebugFlags): DebugOptions {
  const { inspect, inspectBrk, inspectPort = "9229" } = flags;
  if (inspect !== undefined && inspectBrk !== undefined)
    throw new UsageError("--inspect and --inspect-brk: keep one of them");
  if (!/^\d{1,5}$/.test(inspectPort) || Number(inspectPort) < 1 || Number(inspectPort) > 65_535)
    throw new UsageError(`--inspect-port ${inspectPort}: not a port; write a number from 1 to 65535`);
  const which = inspectBrk ?? inspect;
  return {
    inspect: which === undefined ? undefined : { ranks: parseRanks(which), wait: inspectBrk !== undefined },
    inspectPort: Number(inspectPort),
    profiles: [...(flags.cpuProf ? ["cpu" as const] : []), ...(flags.heapProf ? ["heap" as const] : [])],
    profileFolder: resolve(flags.profDir ?? "profiles"),
    logJson: flags.logJson === undefined ? undefined : resolve(flags.logJson),
  };
}

function parseRanks(text: string | true): readonly number[] | "all" {
  if (text === true || text === "all") return "all";
  const ranks = parseCpuList(text);
  if (ranks?.length) return ranks;
  throw new UsageError(`--inspect=${text}: no ranks; write --inspect=0,4-7, or --inspect for all`);
}
