import { rankKnobs } from "../src/knobs.js";
import { debugKnobs } from "./debug-options.js";
import { endingKnobs } from "./ending-options.js";
import { listOptions, referTo } from "./help-options.js";
import { outputTopics } from "./help-output.js";
import { reportTopics } from "./help-reports.js";
import { placementTopics } from "./help-placement.js";
import { hostKnobs } from "./host-options.js";
import { jobKnobs, programKnobs } from "./knobs.js";
import { networkKnobs } from "./network-options.js";
import { oneOf } from "./option-values.js";
import { outputKnobs } from "./output-options.js";
import { placementKnobs } from "./placement-options.js";
import { reportKnobs } from "./report-options.js";

/**
 * The text of `--help`, or of `--help TOPIC`.
 *
 * @throws {UsageError} For an unknown topic, with the nearest known one.
 */
export function help(topic: string): string {
  const text = topic === "" ? overview : topics[oneOf("--help", topic, Object.keys(topics))];
  return text.trim();
}

const overview = `
tsmpirun [options] script.ts [arguments of the script]

Starts the same TypeScript or JavaScript program many times, as ranks that talk through tsmpi.

  tsmpirun -n 4 script.ts              four ranks on this host
  tsmpirun -n 4 script.ts --model m    options after the script are the script's
  tsmpirun -f hosts.txt script.ts      as many ranks as the host file has slots

Ranks and hosts
${listOptions({ ...programKnobs, ...hostKnobs })}

Network
${listOptions(networkKnobs)}

The job
${listOptions(jobKnobs)}

How it ends
${listOptions(endingKnobs)}

More options
${referTo("mapping", placementKnobs)}
${referTo("output", outputKnobs)}
${referTo("reports", reportKnobs)}
${referTo("debugging", debugKnobs)}
${referTo("configuration", rankKnobs)}

  tsmpirun hosts --check  asks every host of --host or a host file how it is, and shows a table
  tsmpirun doctor         says what is wrong on this host, or on those hosts and between them, before a job does;
                          with --ports, --iface and --control-iface as of the job
  tsmpirun tune           finds faster algorithms of collectives on the ranks of a job; see --help collectives
  tsmpirun info           all that can be set, its value and default; --origin: who has set it

  --help TOPIC            hosts, mapping, binding, programs, managers, output, environment, configuration,
                          signals, exit-codes, transport, collectives, mpi, meeting, reports,
                          debugging
`;

const topics: Readonly<Record<string, string>> = {
  ...placementTopics,
  ...reportTopics,
  hosts: `
Hosts

Without --host and --hostfile a job runs on this host, which has a slot for each core. A slot is a rank
that may run there, not a core.

  --host a:4,b:2          four slots on a, two on b; without a number, one slot
  --host 'n[01-16]:8'     a range, as Slurm writes it
  --hostfile hosts.txt    one host a line; - reads standard input

A line of a host file, in either of the usual dialects, with # comments:

  node1 slots=4 max_slots=8
  node2:4 user=ann
  n[03-16]:4
  [::1]:4                 an IPv6 address

Keys: slots (count, cpu), max_slots (max-slots, slots-max), user, port (of ssh), iface, node (path),
workdir. A host without a number of slots has as many as cores. Hosts that are listed again add up.
With --hostfile, --host picks hosts from the file.

On every other host ssh starts one agent, which starts the ranks there. ssh must work without a password, and node
and tsmpi be there under the same paths as here, or under --node (node= in the host file) and --remote-prefix. The
program itself travels with the agent's connection. The agent connects back to the address of this host at which
it sees it; --iface chooses another. Before any rank starts, agents try to reach each other, both ways, and an address
that does not lead to its host is named with both hosts. --launcher fork starts all agents on this host, which plays the others:
for tests.
`,
  ...outputTopics,
  environment: `
Environment

Ranks have the environment of tsmpirun, and
  TSMPI_RANK, TSMPI_SIZE                place in the job
  TSMPI_LOCAL_RANK, TSMPI_LOCAL_SIZE    place among the ranks of the host
  TSMPI_NODE_RANK, TSMPI_NODES          place of the host
  TSMPI_UNIVERSE_SIZE                   slots of the job
  TSMPI_JOB_ID, TSMPI_APPNUM, TSMPI_ATTEMPT, TSMPI_VERSION, TSMPI_ROOT, TSMPI_CONTROL_FD

  RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE   the same, unless they are set, for programs that look for them
--compat-env adds OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK and _LOCAL_SIZE.

  TSMPI_FILES                           the folder of the files that --preload has brought to the host, until the end

-x NAME=VALUE adds one; -x NAME and -x 'PRE*' pass on those that are set here. To other hosts goes all that makes sense
there; --export none sends only those of -x, --export 'A,PRE*' these as well.

Every option has a variable, too, see --help configuration. Files of a job are in XDG_RUNTIME_DIR, or in the temporary
folder. What node has compiled of tsmpi is kept in ~/.cache/tsmpi, or in XDG_CACHE_HOME, so that ranks start faster.
`,
  configuration: `
Configuration

Every option can also be set by --set, by a variable, and in files. The first of these that says something counts:

  --timeout 60, --set timeout=60
  TSMPI_TIMEOUT=60                       (also MPIEXEC_TIMEOUT)
  tsmpi.config.json                      in the working directory: { "timeout": 60, "env": { "MODEL": "m" } }
  ~/.config/tsmpi/config.json            or in XDG_CONFIG_HOME
  /etc/tsmpi/config.json                 for all users of a machine

What is on or off is true or false in a file, 1 or 0 in a variable; --no-NAME turns it off. Options that may be given
several times have a list in a file, or an object. A key that there is not is an error, with the nearest one; so is a
variable that is almost one of these.

  tsmpirun info                          all keys with value and default
  tsmpirun info --origin                 and who has set them

What ranks read themselves, also under mpirun and srun, and in node script.js from variables alone:

${listOptions(rankKnobs)}
`,
  signals: `
Signals

SIGINT (Ctrl-C)   once: SIGINT to all ranks; twice: SIGTERM, and SIGKILL after --kill-grace; three times:
                  SIGKILL. Exit code 130.
SIGTERM, SIGHUP   SIGTERM to all ranks, SIGKILL after --kill-grace. Exit codes 143 and 129.
SIGQUIT (Ctrl-\\)  tsmpirun says what every rank is waiting for, and the job goes on; see --help reports.
SIGTSTP, SIGCONT  Ctrl-Z stops the ranks, fg goes on.
SIGUSR2           to all ranks.
SIGUSR1           not passed on: in node it opens the inspector.
--forward-signals USR1,ALRM    passes on these instead of SIGUSR2.

Every rank leads a process group. Whatever a rank has started is ended with it.
`,
  "exit-codes": `
Exit codes

0        every rank ended with 0
1..123   the code of the rank that failed first; 1 for an uncaught error, for a rank that left with 0 but
         without finalize while others went on, and for abort() with a code outside 1..255
1        the script does not compile
2        the command line or a file it names is wrong
124      --timeout
125      tsmpirun or an agent failed;
         also: a host is lost, because it has been silent for --heartbeat seconds (cut off, or without power). A
         host that is slow, or whose ranks compute, answers.
126, 127 the script cannot be run; is not there
128 + n  a rank was killed by signal n; 130, 143, 129: tsmpirun got SIGINT, SIGTERM, SIGHUP

The first rank that fails ends the job. tsmpirun waits 0.2 s for further failures, prints one message that
begins with the cause, and sends SIGTERM to all other ranks, and SIGKILL after --kill-grace. With --no-abort-on-exit
the others go on, except after abort(), and those that wait for it fail. --wait SECONDS names, so long after the first
rank has ended, those that still run. --print-exit-codes shows all codes.
`,
  collectives: `
Algorithms of collectives

tsmpi chooses by bytes, ranks and hosts. To choose otherwise, for all communicators whose program does not:

  --coll allreduce=ring,bcast=chain
  --coll-rules rules.json     { "allreduce": [{ "bytes": 4096, "algorithm": "recursive-doubling" },
                                              { "ranks": 8, "algorithm": "ring" }] }

The first rule counts that is for at least as many bytes and ranks as a call has; without any, tsmpi chooses. Bytes are
those of the vector (allreduce, reduce, bcast, scan, reduceScatter), of the result (allgather), or for each pair of ranks
(alltoall); for the others rules look at ranks only. A collective that is named goes over messages, also where ranks
share memory. A name that there is not is an error that lists those there are: --coll allreduce=?

  tsmpirun tune --host a:4,b:4      measures on the ranks of such a job, and writes tsmpi-rules.json (--out FILE)
         --collectives allreduce,bcast --sizes 8,4096,262144 --rounds 9     what, at how many bytes, how often

Choice and algorithms take turns, and medians are compared. A collective gets rules only if an algorithm takes less than 0.85
of the time at some size and none takes more at any, and if that is so a second time; else tsmpi's choice stays. Rules
hold for all communicators of a job, those of fewer ranks, too: measure with the ranks that you use. Later jobs read them
by --coll-rules tsmpi-rules.json, or "coll-rules": "tsmpi-rules.json" in tsmpi.config.json.
`,
  transport: `
Transport

auto   shared memory between ranks of one host, TCP between hosts (default)
shm    shared memory only: ranks of one host
tcp    TCP for all ranks, also on one host
zmq    ZeroMQ over TCP for all ranks, also on one host: slower, another code path

Connections are made on first use. Both ends prove that they belong to the job, by a secret made for this one job
that never stands on a command line or in the environment; what follows is encrypted and authenticated (tcp: AES-256-GCM,
zmq: CURVE). --no-encrypt turns encryption off for messages between ranks, and tsmpirun says so.

What tsmpirun and its agents say to each other is always encrypted, with keys of each agent's own. Connections of
strangers are refused, and counted in a line at the end.
`,
  mpi: `
On a real MPI

The same script runs on Open MPI 4 and 5 and on MPICH 4 and its relatives, and so on the network of a cluster:

  mpirun -n 4 npx tsmpi script.ts
  srun --mpi=pmix -n 4 npx tsmpi script.ts    (--mpi=pmi2 for MPICH)
  tsmpirun --engine mpi -n 4 script.ts        finds mpirun; --mpirun PATH names one, --verbose says which

The library is the one that fits the launcher, libmpi.so.40 or libmpich.so.12, where the system finds libraries
(LD_LIBRARY_PATH, module load); TSMPI_MPI_LIBRARY names another. It is loaded when the program calls init().
It carries what leaves a host; ranks of one host talk through shared memory, unless TSMPI_MPI_SHM=0.

Ranks, hosts and exit codes are then mpirun's affair: a rank that fails ends the job by MPI_Abort, with its exit
code (with --mpi=pmi2 srun says 137 instead). Slurm 22.05's pmi2 sometimes hangs at the end of a job on several
nodes, programs in C too: prefer pmix there. Of tsmpirun's options, -n, --host, --hostfile, -x, --wdir, --timeout, --tag-output and --no-oversubscribe
are passed on.
`,
  meeting: `
Without a launcher of tsmpi

Processes that something else has started find each other if each has the variables that torchrun gives its workers:

  RANK=0 WORLD_SIZE=2 MASTER_ADDR=n1 MASTER_PORT=29500 TSMPI_SECRET_FILE=~/.tsmpi-secret node program.js      on n1
  RANK=1 WORLD_SIZE=2 MASTER_ADDR=n1 MASTER_PORT=29500 TSMPI_SECRET_FILE=~/.tsmpi-secret node program.js      on n2

or npx tsmpi program.ts. Rank 0 waits at that port of its host, the others come to it, and all talk over TCP.
TSMPI_START_TIMEOUT=60 is how many seconds they wait; after that the ranks that have not come are named.

By the secret ranks prove to each other that they belong to the job, and encrypt what they say. Its file is the same on all
hosts, readable by you alone, and has 16 characters or more:

  (umask 077; openssl rand -hex 32 > ~/.tsmpi-secret)

Without a secret ranks meet at a loopback address only, 127.0.0.1, where other users of the same machine could come, too.
TSMPI_ENCRYPT=0 does without encryption, and without a secret if there is none: then whoever reaches the port can join.

A rank that fails says why, and the others end, as soon as they do not compute. There is no agent that could interrupt
those, tag output, report what all wait for, or make statistics: tsmpirun and srun npx tsmpi do.
`,
  debugging: `
Debugging

${listOptions(debugKnobs)}

Inspectors can be reached on their own host only; tsmpirun lists their addresses, with the ssh -L that leads to other
hosts. --verbose says which ranks run where, and when each phase was over.

Errors show the lines of your own source files. --tag-output shows who printed what. A program runs as a single rank,
in any debugger, without tsmpirun: node script.js.
`,
};
