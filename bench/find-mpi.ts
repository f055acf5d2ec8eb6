import { availableParallelism } from "node:os";
import { outputOf } from "./command.js";

export type MpiKind = "openmpi" | "mpich";

export interface Mpi {
  readonly kind: MpiKind;
  /** With the version. */
  readonly name: string;
  /** Undefined if C cannot be compiled; `withoutCompiler` says what to do then. */
  readonly compiler: string | undefined;
  readonly withoutCompiler: string;
  /** How its ranks are placed, and how they wait. */
  readonly manner: string;
  start(ranks: number): string[];
}

interface Known {
  readonly name: string;
  readonly version: RegExp;
  readonly packages: string;
  readonly development: string;
  readonly manner: string;
  readonly options: () => readonly string[];
}

/**
 * Ranks are bound to no core on any side. Open MPI yields the core while it waits as soon as ranks outnumber slots (its
 * default, `mpi_yield_when_idle`); MPICH always spins, and so is slow when ranks outnumber cores.
 */
const KNOWN: Readonly<Record<MpiKind, Known>> = {
  openmpi: {
    name: "Open MPI",
    version: /Open ?(?:MPI|RTE)\D*([\d.]+)/,
    packages: "openmpi-bin",
    development: "libopenmpi-dev gcc",
    manner: `--oversubscribe --bind-to none, waiting ranks yield when there are more than ${availableParallelism()}`,
    options: () => [
      ...["--oversubscribe", "--bind-to", "none"],
      ...(process.getuid?.() === 0 ? ["--allow-run-as-root"] : []),
    ],
  },
  mpich: {
    name: "MPICH",
    version: /(?:HYDRA|MPICH)[^]*?Version:\s*([\d.]+)/,
    packages: "mpich",
    development: "libmpich-dev gcc",
    manner: "no binding, waiting ranks spin",
    options: () => [],
  },
};

/**
 * An MPI that is installed, or what to install. Debian's names (`mpirun.mpich`) go before plain `mpirun`.
 *
 * @param extra - Further options of its mpirun.
 */
export function findMpi(kind: MpiKind, extra: readonly string[] = []): Mpi | string {
  const { name, version, packages, development, manner, options } = KNOWN[kind];
  for (const suffix of [`.${kind}`, ""]) {
    const mpirun = `mpirun${suffix}`;
    const [, number] = version.exec(outputOf(mpirun, ["--version"]) ?? "") ?? [];
    if (number === undefined) continue;
    const mpicc = `mpicc${suffix}`;
    return {
      kind,
      name: `${name} ${number}`,
      compiler: outputOf(mpicc, ["--version"]) === undefined ? undefined : mpicc,
      withoutCompiler: `${name} ${number} from C: no ${mpicc}; ${install(development)}`,
      manner,
      start: (ranks) => [mpirun, ...options(), ...extra, "-n", `${ranks}`],
    };
  }
  return `${name}: no mpirun of it; ${install(`${packages} ${development}`)}`;
}

export function install(packages: string): string {
  return `on Debian and Ubuntu: apt-get install ${packages}`;
}
