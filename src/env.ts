import { isOn, rankKnobs, variableOf } from "./knobs.js";

/**
 * Every environment variable that tsmpi reads, in one place. Ranks get their real configuration, keys
 * included, over the control channel (wire/control.fbs); the environment only says that there is one. What users set is
 * described in knobs.ts.
 */
export const env = {
  /** Descriptor of the control channel that the agent opened for this rank; unset in a plain `node script.js`. */
  controlFd: integer("TSMPI_CONTROL_FD"),
  /** Where tsmpi is installed: native packages are resolved from here when the program runs from a bundle. */
  root: process.env["TSMPI_ROOT"],
  /** The binary of koffi that the agent has loaded. */
  koffi: text("TSMPI_KOFFI"),
  size: integer("TSMPI_SIZE"),
  /** Which of several programs this is, where a real MPI starts the ranks. */
  appnum: integer("TSMPI_APPNUM"),
  /** Slots of the job. */
  universeSize: integer("TSMPI_UNIVERSE_SIZE"),
  /** What launchers of MPI libraries tell their ranks; see comm/transports/mpi/find.ts. */
  mpi: {
    /** The MPI library to load, instead of the one that fits the launcher. */
    library: text(variableOf("mpi-library")),
    sharedMemory: on("mpi-shm"),
    openMpiSize: integer("OMPI_COMM_WORLD_SIZE"),
    pmixRank: integer("PMIX_RANK"),
    pmiRank: integer("PMI_RANK"),
    pmiSize: integer("PMI_SIZE"),
    pmiFd: integer("PMI_FD"),
    /** Of the step of srun; unset in a batch script itself. */
    slurmTasks: integer("SLURM_STEP_NUM_TASKS"),
  },
  /**
   * Who this process is and where all meet, by the names of torchrun and its kin, which others use for other things;
   * and what is agreed on for that. See comm/meeting/place.ts.
   */
  meeting: {
    rank: text("RANK"),
    size: text("WORLD_SIZE"),
    address: text("MASTER_ADDR"),
    port: text("MASTER_PORT"),
    secretFile: text("TSMPI_SECRET_FILE"),
    encrypt: text("TSMPI_ENCRYPT"),
    startTimeout: text("TSMPI_START_TIMEOUT"),
  },
  /** What the launcher wants to be recorded: "stats", "trace". */
  record: (text("TSMPI_RECORD") ?? "").split(","),
  /** Libraries that kernels call: 0 turns them off; a name or path is taken instead of those that are looked for. */
  libraries: { blas: text(variableOf("blas")), fftw: text(variableOf("fftw")) },
  hugePages: on("huge-pages"),
  directCopy: on("direct-copy"),
  coll: text(variableOf("coll")),
  collRules: text(variableOf("coll-rules")),
  check: on("check"),
  strict: on("strict"),
} as const;

export type MpiEnvironment = { readonly [K in keyof typeof env.mpi]: (typeof env.mpi)[K] };

/** Loads a library with a variable set that it reads when it is loaded; one that is set already stays as it is. */
export function withVariable<T>(name: string, value: string, load: () => T): T {
  if (process.env[name] !== undefined) return load();
  process.env[name] = value;
  try {
    return load();
  } finally {
    delete process.env[name];
  }
}

function text(name: string): string | undefined {
  return process.env[name] || undefined;
}

function on(name: keyof typeof rankKnobs): boolean {
  const variable = variableOf(name);
  const value = text(variable);
  if (value === undefined) return "default" in rankKnobs[name];
  const known = isOn(value);
  if (known !== undefined) return known;
  throw new RangeError(`${variable}: "${value}" is neither on nor off; write 1 or 0`);
}

function integer(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `${name}: "${text}" is not a non-negative integer; unset it or start the program with tsmpirun`,
    );
  }
  return value;
}
