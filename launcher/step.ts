import { parseHostList } from "./hostfile.js";
import { LaunchError, UsageError } from "./errors.js";
import { numberRanks } from "./placement/rank.js";
import { parseRepeated } from "./resource-manager.js";
import { messageOf } from "../src/thrown.js";

/** A task of srun, and where the others are. */
export interface Step {
  /** Names the step among all of this user's. */
  readonly name: string;
  /** As Slurm calls it. */
  readonly id: string;
  readonly rank: number;
  readonly size: number;
  /** Names of hosts, and the place among them of every task. */
  readonly hosts: readonly string[];
  readonly hostOf: readonly number[];
  /** Tasks on this host, by local rank. */
  readonly beside: readonly number[];
  /** CPUs of this host that belong to the job; `undefined`: Slurm does not say. */
  readonly cpus: number | undefined;
  /** Address of srun, as this host sees it. */
  readonly launcherAddress: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The step of srun of which this process is one of several tasks; `undefined` if it is none. Local, pure.
 *
 * @throws {UsageError} If tasks are dealt to hosts neither in blocks nor in turn.
 */
export function readStep(variables: Variables): Step | undefined {
  const number = (name: string): number => Number(variables[name] ?? NaN);
  const size = number("SLURM_STEP_NUM_TASKS");
  const rank = number("SLURM_PROCID");
  if (!(size > 1) || !(rank >= 0)) return undefined;
  const hosts = parseHostList(variables["SLURM_STEP_NODELIST"] ?? "").map(({ name }) => name);
  const counts = parseRepeated(variables["SLURM_STEP_TASKS_PER_NODE"] ?? "") ?? [];
  const own = (variables["SLURM_GTIDS"] ?? "").split(",").map(Number);
  const nodeId = number("SLURM_NODEID");
  const layouts = (["slot", "node"] as const).map((by) => numberRanks(counts, by));
  const layout = layouts.find((ranks) => `${ranks.at(nodeId)?.join(",")}` === own.join(","));
  if (layout === undefined)
    throw new UsageError(
      `srun has put tasks ${own.join(",")} on host ${nodeId}; use srun --distribution=block or cyclic, or tsmpirun`,
    );
  const hostOf: number[] = [];
  for (const [host, ranks] of layout.entries()) for (const task of ranks) hostOf[task] = host;
  return {
    name: ["JOB_ID", "STEP_ID", "SRUN_COMM_PORT"].map((part) => variables[`SLURM_${part}`] ?? "").join("-"),
    id: `${variables["SLURM_JOB_ID"] ?? ""}.${variables["SLURM_STEP_ID"] ?? ""}`,
    rank,
    size,
    hosts,
    hostOf,
    beside: layout[nodeId],
    cpus: number("SLURM_CPUS_ON_NODE") || undefined,
    launcherAddress: variables["SLURM_LAUNCH_NODE_IPADDR"] ?? "",
  };
}

/**
 * Fails a task, in words that say which. Local.
 *
 * @throws {LaunchError} Always.
 */
export function failTask({ rank, hosts, hostOf }: Step, error: unknown): never {
  const text = messageOf(error);
  throw new LaunchError(`rank ${rank} on ${hosts[hostOf[rank]]}: ${text}`, undefined, { cause: error });
}
