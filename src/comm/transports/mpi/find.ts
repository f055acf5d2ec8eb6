import { readFileSync } from "node:fs";
import { type MpiEnvironment } from "../../../env.js";

/** Names of libraries with the interface of Open MPI 4 and 5, and of MPICH and its relatives; the likeliest first. */
const OPEN_MPI = ["libmpi.so.40"];
const MPICH = ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi_gnu.so.12"];

/** Whether a launcher of an MPI has started this process as a rank. Local. */
export function startedByMpi(env: MpiEnvironment): boolean {
  return (
    env.openMpiSize !== undefined ||
    env.pmixRank !== undefined ||
    env.pmiRank !== undefined ||
    env.pmiFd !== undefined
  );
}

/**
 * Libraries to try, the likeliest first: the one that is named by `TSMPI_MPI_LIBRARY`, one that this process has
 * loaded, then what fits the launcher. Local.
 */
export function candidates(env: MpiEnvironment): string[] {
  if (env.library !== undefined) return [env.library];
  const ofMpich = env.openMpiSize === undefined && env.pmixRank === undefined;
  return ofMpich ? [...MPICH, ...OPEN_MPI] : [...OPEN_MPI, ...MPICH];
}

/** How many ranks the launcher says it has started, if it does. Local. */
export function launchedSize(env: MpiEnvironment): number | undefined {
  if (env.openMpiSize !== undefined) return env.openMpiSize;
  return env.pmiSize ?? env.slurmTasks;
}

/** Why a process that srun has started cannot join a job, if no plugin of srun speaks to an MPI. Local. */
export function missingPlugin(env: MpiEnvironment): string | undefined {
  const { slurmTasks = 1 } = env;
  if (startedByMpi(env) || slurmTasks < 2) return undefined;
  return (
    `mpi: srun has started ${slurmTasks} processes that cannot find each other: it has used no PMI plugin. ` +
    "Write srun npx tsmpi script.ts; or, for a real MPI, srun --mpi=pmix (Open MPI) or srun --mpi=pmi2 (MPICH); " +
    "srun --mpi=list shows what is installed"
  );
}

/** What to install, for the message when there is no library. */
export function howToInstall(): string {
  let text = "";
  try {
    text = readFileSync("/etc/os-release", "utf8");
  } catch {
    // unknown system
  }
  if (/debian|ubuntu/i.test(text)) return "apt install libopenmpi3 openmpi-bin, or libmpich12 mpich";
  if (/rhel|fedora|centos|rocky|alma/i.test(text)) return "dnf install openmpi or mpich, and module load it";
  return "install Open MPI 4 or 5, or MPICH 4, or load its module";
}
