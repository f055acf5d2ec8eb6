import type { HostEntry } from "./hostfile.js";
import { type RemoteAgent, startRemoteAgents } from "./remote-agent.js";
import { agentWords, type RemotePaths } from "./ssh-agent.js";

/** Of srun: one process on each host beside whatever runs there, not bound, and all ended if one fails. */
const ALWAYS = [
  ...["--overlap", "--ntasks-per-node=1", "--mpi=none", "--cpu-bind=none", "--kill-on-bad-exit=1"],
  ...["--unbuffered", "--chdir=/"],
];

/**
 * Starts the agents of several hosts, named as Slurm calls them, by one srun. Local.
 *
 * @see startRemoteAgents
 */
export function startSrunAgents(
  hosts: readonly HostEntry[],
  paths: RemotePaths,
): ReadonlyMap<string, RemoteAgent> {
  const names = hosts.map(({ name }) => name);
  const { args, environment } = besideAll(names);
  const agents = startRemoteAgents({
    command: "srun",
    args: [...args, ...agentWords(paths)],
    names,
    environment,
  });
  return new Map(agents.map((agent, i) => [names[i], agent]));
}

/** Words and environment of an srun that starts one process on each of these hosts of the job. Local, pure. */
export function besideAll(names: readonly string[]): {
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
} {
  const count = `${names.length}`;
  const args = [...ALWAYS, "-N", count, "-n", count, `--nodelist=${names.join(",")}`];
  return { args, environment: unconstrained(process.env) };
}

/** Without what the job or the step around says about tasks: it would go before what is said here. */
export function unconstrained(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !CONSTRAINING.test(name)));
}

const CONSTRAINING = new RegExp(
  "^(SRUN_.*|PMI_.*|SLURM_(" +
    "N?TASKS.*|NPROCS|NNODES|NODELIST|HOSTFILE|STEP.*|DISTRIBUTION|EXACT|OVERLAP|THREADS_PER_CORE|" +
    "CPUS_PER_.*|CPU_BIND.*|MEM_.*|TRES_PER_TASK|GPUS.*|EXPORT_ENV|LABELIO|UNBUFFEREDIO|" +
    "STD(IN|OUT|ERR)MODE|KILL_BAD_EXIT|MPI_TYPE|WORKING_DIR))$",
);
