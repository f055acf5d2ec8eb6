import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One of those that are compared: how to start a program of it. */
export interface Side {
  readonly name: string;
  readonly about: string;
  /** Undefined if this side has no such program. */
  command(program: string, ranks: number): readonly string[] | undefined;
}

const here = fileURLToPath(new URL("../../bench/", import.meta.url)); // from dist/bench/
const forC = "libopenmpi-dev gcc"; // packages of Debian
const forPython = "python3-mpi4py python3-numpy python3-scipy";
const launcher = fileURLToPath(new URL("../launcher/cli.js", import.meta.url));

export function tsmpi(transport: string): Side {
  return {
    name: "tsmpi",
    about: `tsmpi on node ${process.version}, transport ${transport}`,
    command: (program, ranks) => {
      const options = ["-n", `${ranks}`, "--transport", transport];
      return [process.execPath, launcher, ...options, join(here, "programs", `${program}.ts`)];
    },
  };
}

/**
 * The peers that are installed, and for each that is not, what is missing and how to get it.
 *
 * @param folder - For compiled programs.
 */
export function findPeers(folder: string): { peers: Side[]; missing: string[] } {
  const mpirun = findMpirun();
  if (!mpirun) {
    const packages = `openmpi-bin ${forC} ${forPython}`;
    return { peers: [], missing: [`Open MPI and mpi4py: no mpirun; ${install(packages)}`] };
  }
  const found = [findC(mpirun, folder), findPython(mpirun)];
  return {
    peers: found.filter((side) => typeof side !== "string"),
    missing: found.filter((side) => typeof side === "string"),
  };
}

interface Mpirun {
  readonly name: string;
  readonly start: (ranks: number) => string[];
}

function findMpirun(): Mpirun | undefined {
  const version = output("mpirun", ["--version"]);
  if (version === undefined) return undefined;
  const openMpi = /Open MPI\D*([\d.]+)/.exec(version);
  const options = openMpi ? ["--oversubscribe"] : [];
  if (openMpi && process.getuid?.() === 0) options.push("--allow-run-as-root");
  const [, mpich] = /Version:\s*([\d.]+)/.exec(version) ?? [];
  return {
    name: openMpi ? `Open MPI ${openMpi[1]}` : mpich ? `MPICH ${mpich}` : "MPI",
    start: (ranks) => ["mpirun", ...options, "-n", `${ranks}`],
  };
}

function findC({ name, start }: Mpirun, folder: string): Side | string {
  if (output("mpicc", ["--version"]) === undefined) {
    return `${name} from C: no mpicc; ${install(forC)}`;
  }
  return {
    name: name.replace(/ [\d.]+$/, ""),
    about: `${name}, C loops, mpicc -O2`,
    command(program, ranks) {
      const source = join(here, "peers", `${program}.c`);
      const binary = join(folder, program);
      if (!existsSync(source)) return undefined;
      if (!existsSync(binary)) execFileSync("mpicc", ["-O2", "-o", binary, source]);
      return [...start(ranks), binary];
    },
  };
}

const modules = ["mpi4py", "numpy", "scipy"];

/** Prints the version of each module, or nothing for one that is not there. */
const versions = `
import importlib
for name in ${JSON.stringify(modules)}:
    try: print(importlib.import_module(name).__version__)
    except ImportError: print()
`;

function findPython({ name, start }: Mpirun): Side | string {
  let best: string | undefined;
  for (const python of ["python3", "/usr/bin/python3"]) {
    const found = output(python, ["-c", versions])?.split("\n").slice(0, modules.length);
    if (!found) continue;
    const absent = modules.filter((_, i) => !found[i]);
    best = `mpi4py: ${python} has no ${absent.join(", ")}`;
    if (absent.length > 0) continue;
    return {
      name: "mpi4py",
      about: `${modules.map((module, i) => `${module} ${found[i]}`).join(", ")} on ${name}, one thread a rank`,
      command: (program, ranks) => [...start(ranks), python, "-B", join(here, "peers", `${program}.py`)],
    };
  }
  return `${best ?? "mpi4py: no python3"}; ${install(forPython)}`;
}

function install(packages: string): string {
  return `on Debian and Ubuntu: apt-get install ${packages}`;
}

/** What a command prints, or undefined if it is not there or fails. */
function output(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
  return status === 0 ? stdout : undefined;
}
