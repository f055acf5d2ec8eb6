import { listOptions } from "./help-options.js";
import { placementKnobs } from "./placement-options.js";

/** Topics of `--help` about where ranks run. */
export const placementTopics: Readonly<Record<string, string>> = {
  mapping: `
Mapping of ranks to hosts

Three steps: each host gets a number of ranks (--map-by), ranks are numbered (--rank-by), and bound to CPUs
(--bind-to, see --help binding). --dry-run shows the result and starts nothing.

--map-by slot           fill the slots of a host before the next (default); also block
--map-by node           one rank to each host in turn, numbered likewise; also cyclic
--map-by numa           as slot; the ranks of a host go round its NUMA nodes; also core, l3, socket, hwthread
--map-by ppr:N:node     N ranks on each host, no more; also -N N, --ppn N
--map-by ppr:N:numa     N ranks on each NUMA node of each host
  ...:pe=N              N CPUs for each rank; also --cpus-per-rank N
  ...:span              go round the parts of all hosts, not of one after the other
--rank-by slot|node     number ranks along each host, or across hosts (tsmpirun says what that changes)

--host picks hosts, and slots, from the host file or from what the resource manager has given; --exclude LIST leaves
some out, --nolocal this one.

-n auto, or no -n, starts one rank for each slot. A slot is a rank that may run on a host, not a core. If there
are more ranks than slots, they are dealt in further rounds, up to each host's max_slots; tsmpirun warns if the slots
were written down by you. --no-oversubscribe makes that an error, --oversubscribe says that it is meant. Under a
resource manager it is an error unless it is meant.

--display alloc,map,bind,topo,env    hosts and slots; ranks of each host; their CPUs; what hosts consist of; variables

All options about places

${listOptions(placementKnobs)}
`,
  binding: `
Binding of ranks to CPUs

--bind-to core          each rank has a core of its own, with all its hardware threads
--bind-to numa          the NUMA nodes that hold its cores; also l3, socket, hwthread
--bind-to cpu-list      the first rank of a host gets the first item of --cpu-list, and so on
--bind-to none
--cpu-list 0-7,16       use these CPUs of each host only
--cpus-per-rank N       N cores for each rank, for programs with worker threads
--use-hwthread-cpus     hardware threads count as CPUs, not cores
--report-bindings       say on which CPUs each rank runs

Without --bind-to, ranks are bound to what --map-by names (numa, l3, socket), or to cores if those were asked for
(--map-by core, --cpus-per-rank) and there are enough; also if a resource manager has given the host to this job
alone. Otherwise they are not bound: other jobs that bind likewise would share one core with this one while others
are idle. CPUs that a cpuset or a resource manager has taken away are not used.

Each rank's node starts as many threads of its own as the rank has CPUs, four at most (UV_THREADPOOL_SIZE,
--v8-pool-size), and its JavaScript objects may fill the rank's share of the memory: if that is more than node
allows itself, it is told so (--max-old-space-size). Set UV_THREADPOOL_SIZE or NODE_OPTIONS for other numbers. Ranks
that outnumber their CPUs give them up while they wait.
`,
  programs: `
What can be a program

  tsmpirun -n 4 script.ts             also .mts .cts .tsx .js .mjs .cjs .jsx
  tsmpirun -n 4 some-package/main     what import of that leads to, from the working directory
  tsmpirun -n 4 -e 'import { world } from "tsmpi/auto"; console.log(world.rank)'
  tsmpirun -n 4 node --expose-gc script.ts       flags for the ranks' node
  tsmpirun -n 4 --exec ./program arguments       anything that can be run, also a wrapper: --exec perf stat node a.mjs

What --exec runs has the variables of --help environment, CPUs, output and exit codes as any rank. Nobody waits for it
to join; but as soon as one rank does (its program calls init()), all ranks have to. Without a slash it is looked for in
PATH, on each host; with one it is the same path everywhere. -- ends the options of tsmpirun.

Several programs in one job

  tsmpirun -n 1 master.ts : -n 4 worker.ts --model m
  tsmpirun --app programs.txt

A ":" that stands alone begins the next program. All make one world, numbered in that order; world.appnum and
TSMPI_APPNUM say which program a rank runs. Each has its own -n, -x, --wdir, -e and --exec; all other options go before
the first script. In the file of --app each line is one program: -n 4 worker.ts --model m.
`,
  managers: `
Resource managers

Inside a job of Slurm (salloc, sbatch), PBS, LSF or SGE, hosts and slots come from the job:

  salloc -N 4 --ntasks-per-node=8 tsmpirun script.ts       32 ranks
  #SBATCH --cpus-per-task=4                                each rank has 4 CPUs

Slurm  agents are started by srun, beside whatever else runs in the job
PBS    hosts from PBS_NODEFILE, agents over ssh
LSF    hosts from LSB_DJOB_HOSTFILE or LSB_MCPU_HOSTS, agents by blaunch
SGE    hosts from PE_HOSTFILE, agents by qrsh -inherit

--launcher ssh|srun|exec starts agents otherwise; exec: by --ssh CMD, which is called with a host and what to run
there; manual: by you, with the command that tsmpirun prints for each host, within ten minutes. The file from which that
reads holds the keys of the job; only you can read it. For a host without this disk, hand on its text: ssh host COMMAND < FILE. --rm slurm, pbs, lsf or sge insists on one of them; --rm none takes no notice of any. More ranks than the job has
slots are refused, unless --oversubscribe.

  srun -n 32 npx tsmpi script.ts      each task is a rank; no tsmpirun, and no MPI

The tasks meet at a file of this user in ~/.cache/tsmpi; TSMPI_KEYFILE names another one, on a disk that all hosts
share. All ranks of the job have one pair of keys, which that file holds until they have met. A task that fails before it
has come there ends the others at once; one that ends before tsmpi has begun is missed after a few seconds, if srun can be
called on the hosts. Slurm's --distribution may be block or cyclic. Variables and files of
--help configuration are read. With srun --mpi=pmix or pmi2 ranks talk through a real MPI instead, see --help mpi.
`,
};
