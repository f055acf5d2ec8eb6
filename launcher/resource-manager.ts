import { readFileSync } from "node:fs";
import { UsageError } from "./errors.js";
import { type HostEntry, parseHostList, plainHost } from "./hostfile.js";
import { messageOf } from "../src/thrown.js";

/** What a resource manager has given to the job in which tsmpirun runs. */
export interface Grant {
  readonly manager: Manager;
  readonly entries: readonly HostEntry[];
  /** CPUs of each rank, if that was said to the manager. */
  readonly cpusPerRank: number | undefined;
  /** CPUs of each host that belong to the job, by host; `undefined` where the manager does not say. */
  readonly cpus: readonly number[] | undefined;
}

export const managers = ["slurm", "pbs", "lsf", "sge"] as const;
export type Manager = (typeof managers)[number];

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Finds the resource manager whose job this is. Local; reads the file of hosts that it names.
 *
 * @param wanted - `auto`: whichever has left its variables; `none`: none, whatever they say.
 * @throws {UsageError} If the wanted one has not started this job, or has said nothing that makes sense.
 */
export function findGrant(wanted: Manager | "auto" | "none", variables: Variables): Grant | undefined {
  if (wanted === "none") return undefined;
  const name = managers.find((manager) => [manager, "auto"].includes(wanted) && variables[detect[manager]]);
  if (name !== undefined) return readers[name](variables);
  if (wanted === "auto") return undefined;
  throw new UsageError(`--rm ${wanted}: ${detect[wanted]} is not set, so this is none of its jobs`);
}

/** The variable that says so. */
const detect: Readonly<Record<Manager, string>> = {
  slurm: "SLURM_JOB_NODELIST",
  pbs: "PBS_NODEFILE",
  lsf: "LSB_JOBID",
  sge: "PE_HOSTFILE",
};

const readers: Readonly<Record<Manager, (variables: Variables) => Grant>> = {
  slurm: readSlurm,
  pbs(variables) {
    const file = variables["PBS_NODEFILE"] ?? "";
    return grant("pbs", parseNodeFile(readFile("PBS_NODEFILE", file)), file);
  },
  lsf(variables) {
    const file = variables["LSB_DJOB_HOSTFILE"];
    const hosts =
      file === undefined
        ? parseMcpuHosts(variables["LSB_MCPU_HOSTS"] ?? "")
        : parseNodeFile(readFile("LSB_DJOB_HOSTFILE", file));
    return grant("lsf", hosts, file ?? "LSB_MCPU_HOSTS");
  },
  sge(variables) {
    const file = variables["PE_HOSTFILE"] ?? "";
    return grant("sge", parsePeHostfile(readFile("PE_HOSTFILE", file)), file);
  },
};

/** Host and slots. */
type Slots = readonly [name: string, slots: number];

/** One line for each slot, as of PBS and of LSF: the slots of a host are its lines. Local, pure. */
export function parseNodeFile(text: string): Slots[] {
  const slots = new Map<string, number>();
  for (const line of text.split(/\s+/).filter((word) => word !== ""))
    slots.set(line, (slots.get(line) ?? 0) + 1);
  return [...slots];
}

/** `h1 4 h2 4`, as of LSF. Local, pure. */
export function parseMcpuHosts(text: string): Slots[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return words.flatMap((name, i): Slots[] => (i % 2 === 0 ? [[name, Number(words[i + 1])]] : []));
}

/** `h1 4 all.q@h1 UNDEFINED`, one host a line, as of SGE; a host may have a line for each queue. Local, pure. */
export function parsePeHostfile(text: string): Slots[] {
  const slots = new Map<string, number>();
  for (const line of text.split("\n").filter((other) => other.trim() !== "")) {
    const [name, count] = line.trim().split(/\s+/);
    slots.set(name, (slots.get(name) ?? 0) + Number(count));
  }
  return [...slots];
}

/** `2(x3),1` → 2, 2, 2, 1, as of Slurm; `undefined` if it is no such list. Local, pure. */
export function parseRepeated(text: string): number[] | undefined {
  const numbers: number[] = [];
  for (const item of text.split(",")) {
    const [, value, times = "1"] = /^(\d{1,7})(?:\(x(\d{1,6})\))?$/.exec(item) ?? [];
    if (value === undefined) return undefined;
    numbers.push(...Array.from({ length: Number(times) }, () => Number(value)));
  }
  return numbers;
}

function readSlurm(variables: Variables): Grant {
  const names = parseHostList(variables["SLURM_JOB_NODELIST"] ?? "").map((host) => host.name);
  const fitting = (name: string): number[] | undefined => {
    const numbers = parseRepeated(variables[name] ?? "");
    return numbers?.length === names.length ? numbers : undefined;
  };
  const cpus = fitting("SLURM_JOB_CPUS_PER_NODE");
  const perTask = Number(variables["SLURM_CPUS_PER_TASK"]) || undefined;
  const tasks =
    fitting("SLURM_TASKS_PER_NODE") ?? cpus?.map((count) => Math.max(1, Math.floor(count / (perTask ?? 1))));
  if (tasks === undefined)
    throw new UsageError(
      `SLURM_TASKS_PER_NODE=${variables["SLURM_TASKS_PER_NODE"]} does not fit the ${names.length} hosts of the job; ` +
        "use --rm none, and --host",
    );
  const hosts = names.map((name, i): Slots => [name, tasks[i]]);
  return {
    ...grant("slurm", hosts, `job ${variables["SLURM_JOB_ID"]} of Slurm`),
    cpusPerRank: perTask,
    cpus,
  };
}

function grant(manager: Manager, hosts: readonly Slots[], origin: string): Grant {
  const wrong = hosts.find(([, slots]) => !(Number.isInteger(slots) && slots > 0));
  if (hosts.length === 0 || wrong !== undefined)
    throw new UsageError(
      `${origin}: ${wrong === undefined ? "it lists no host" : `${wrong[0]} has no number of slots`}; use --rm none, and --host`,
    );
  const entries = hosts.map(([name, slots]) => ({ ...plainHost, name, slots, origin }));
  return { manager, entries, cpusPerRank: undefined, cpus: undefined };
}

function readFile(variable: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`${variable}: cannot be read (${reason}); use --rm none, and --host`);
  }
}
