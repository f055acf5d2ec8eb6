import { spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { outcomeOf } from "../mpirun.js";
import { cannotMakeHosts, type Hosts, makeHosts } from "./namespaces.js";

/** A Slurm cluster of small hosts on this machine: the controller on the first one, a slurmd and a munged on each. */
export interface Slurm {
  readonly hosts: Hosts;
  /** Starts a command of Slurm on the first host. */
  start(command: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Plugins for `srun --mpi`. */
  readonly plugins: readonly string[];
  /** Ends all jobs, the daemons and the hosts. */
  down(): Promise<void>;
}

const TOOLS = ["munged", "slurmctld", "slurmd", "srun", "sinfo"];
const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;
const START_MS = 90_000;

/** Why Slurm cannot run here; `undefined` if it can. */
export function cannotRunSlurm(): string | undefined {
  const found = (tool: string) =>
    spawnSync("sh", ["-c", `command -v ${tool}`], { env: { ...process.env, PATH } }).status === 0;
  const missing = TOOLS.filter((tool) => !found(tool));
  if (missing.length > 0) return `not installed: ${missing.join(", ")} (Debian: slurm-wlm, munge)`;
  return cannotMakeHosts();
}

/**
 * Starts Slurm on `count` hosts of its own, with two CPUs each, whatever this machine has. Its files are in a temporary
 * folder; nothing of it is seen outside its hosts, and it ends with them, at the latest when this process does.
 *
 * @throws {Error} If not all hosts are up within a minute and a half, with what the daemons have written.
 */
export async function startSlurm(count: number): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-slurm-"));
  const hosts = await makeHosts(count);
  const config = writeConfig(folder, hosts);
  const start = (command: readonly string[], env: NodeJS.ProcessEnv = process.env, name?: string) =>
    hosts.start(command, { ...env, SLURM_CONF: config }, name);
  const down = async (): Promise<void> => {
    await hosts.down();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of hosts.names) {
      daemon(start(mungedWords(folder, name), process.env, name));
      await until(
        async () => (await outcomeOf(start(["munge", "-n"], process.env, name))).code === 0,
        folder,
      );
    }
    daemon(start(["slurmctld", "-D"]));
    for (const name of hosts.names) daemon(start(["slurmd", "-D", "-N", name], process.env, name));
    const idle = ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"];
    await until(
      async () => (await outcomeOf(start(idle))).stdout.trim().split("\n").length === count,
      folder,
    );
    const { stdout, stderr } = await outcomeOf(start(["srun", "--mpi=list"]));
    return { hosts, start, plugins: `${stdout}${stderr}`.match(/\b(pmix|pmi2)\b/g) ?? [], down };
  } catch (error) {
    await down();
    throw error;
  }
}

function writeConfig(folder: string, { names, addressOf }: Hosts): string {
  writeFileSync(join(folder, "munge.key"), randomBytes(128), { mode: 0o600 });
  for (const name of ["state", ...names]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "cgroup.conf"), "CgroupAutomount=no\n");
  const nodes = names.map(
    (name) => `NodeName=${name} NodeAddr=${addressOf(name)} CPUs=${CPUS} State=UNKNOWN`,
  );
  const path = join(folder, "slurm.conf");
  writeFileSync(path, `${CONFIG(folder, `${names[0]}(${addressOf(names[0])})`)}${nodes.join("\n")}\n`);
  return path;
}

const CPUS = 2;

/** A node may claim more CPUs than the machine has, and needs no cgroups. */
const CONFIG = (folder: string, controller: string): string => `
ClusterName=tsmpi
SlurmctldHost=${controller}
SlurmUser=root
StateSaveLocation=${folder}/state
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdPidFile=${folder}/%n/slurmd.pid
SlurmdSpoolDir=${folder}/%n
SlurmdLogFile=${folder}/%n/slurmd.log
TmpFS=${folder}/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=2
PartitionName=test Nodes=ALL Default=YES State=UP
`;

function mungedWords(folder: string, name: string): string[] {
  const files = `mkdir -p /run/munge && exec munged --foreground --force --socket=/run/munge/munge.socket.2 \
    --key-file="$1/munge.key" --log-file="$1/$2/munged.log" --seed-file="$1/$2/munged.seed" \
    --pid-file=/run/munge/munged.pid`;
  return ["sh", "-c", files, "munged", folder, name];
}

/** What a daemon says is in its log; it ends with its host. */
function daemon(child: ChildProcess): void {
  child.stdin?.end();
  child.stdout?.resume();
  child.stderr?.resume();
}

async function until(done: () => Promise<boolean>, folder: string): Promise<void> {
  const begun = performance.now();
  while (!(await done())) {
    if (performance.now() - begun > START_MS) throw new Error(`Slurm does not start:\n${logs(folder)}`);
    await pause(50);
  }
}

function logs(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".log"))
    .map((name) => `${name}:\n${readFileSync(join(folder, name), "utf8").slice(-1000)}`)
    .join("\n");
}
