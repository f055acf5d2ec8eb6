import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./catalogue.js";
import { findMpi, type Mpi, type MpiKind } from "./find-mpi.js";
import { findPython } from "./find-python.js";

/** One of those that are compared: how to start a program of it. */
export interface Side {
  readonly name: string;
  readonly about: string;
  /** Undefined if this side has no such program. */
  command(benchmark: Benchmark, ranks: number): readonly string[] | undefined;
}

export const PEERS = ["openmpi", "mpich", "mpi4py"] as const;
export type Peer = (typeof PEERS)[number];

export const TRANSPORTS = ["auto", "shm", "zmq", "mpi", "mpi:openmpi", "mpi:mpich"] as const;
export type Transport = (typeof TRANSPORTS)[number];

const programs = fileURLToPath(new URL("programs/", import.meta.url)); // in dist/bench/
const peers = fileURLToPath(new URL("../../bench/peers/", import.meta.url));
const launcher = fileURLToPath(new URL("../launcher/", import.meta.url));

/**
 * tsmpi on one of its transports; on `mpi`, its ranks are started by mpirun.
 *
 * @throws {Error} If that MPI is not installed, with how to get it.
 */
export function tsmpi(transport: Transport, options: readonly string[] = []): Side {
  const script = ({ program }: Benchmark) => join(programs, `${program}.js`);
  const name = transport === "auto" ? "tsmpi" : `tsmpi ${transport}`;
  const about = `${name}: node ${process.version}, transport ${transport}`;
  if (!transport.startsWith("mpi")) {
    const start = [process.execPath, join(launcher, "cli.js"), "--transport", transport, ...options];
    return {
      name,
      about,
      command: (benchmark, ranks) => [...start, "-n", `${ranks}`, script(benchmark)],
    };
  }
  const kinds: MpiKind[] = transport === "mpi" ? ["openmpi", "mpich"] : [transport.slice(4) as MpiKind];
  const found = kinds.map(findMpi);
  const mpi = found.find((each) => typeof each !== "string");
  if (!mpi)
    throw new Error(
      `--transport ${transport}: ${found.filter((each) => typeof each === "string").join("; ")}`,
    );
  return {
    name,
    about: `${about}, on ${mpi.name} by its mpirun`,
    command: (benchmark, ranks) => [
      ...mpi.start(ranks),
      process.execPath,
      join(launcher, "tsmpi.js"),
      script(benchmark),
    ],
  };
}

/**
 * The peers that are installed, and for each that is not, what is missing and how to get it.
 *
 * @param wanted - In the order of the columns.
 * @param folder - For compiled programs.
 */
export function findPeers(wanted: readonly Peer[], folder: string): { sides: Side[]; missing: string[] } {
  const found = wanted.map((peer) => (peer === "mpi4py" ? mpi4py() : cLoops(peer, folder)));
  return {
    sides: found.filter((side) => typeof side !== "string"),
    missing: found.filter((side) => typeof side === "string"),
  };
}

function cLoops(kind: MpiKind, folder: string): Side | string {
  const mpi = findMpi(kind);
  if (typeof mpi === "string") return mpi;
  if (mpi.compiler === undefined) return mpi.withoutCompiler;
  let binary: string | undefined;
  return {
    name: mpi.name.replace(/ [\d.]+$/, ""),
    about: `${mpi.name}: C loops, ${mpi.compiler} -O2, ${mpi.manner}`,
    command({ program, name }, ranks) {
      if (program !== "communication" || name === "latency_objects") return undefined;
      binary ??= compile(mpi, folder);
      return [...mpi.start(ranks), binary];
    },
  };
}

function compile({ compiler = "mpicc", kind }: Mpi, folder: string): string {
  const sources = readdirSync(peers).filter((file) => file.endsWith(".c"));
  mkdirSync(folder, { recursive: true });
  const binary = join(folder, `communication-${kind}`);
  const paths = sources.map((file) => join(peers, file));
  execFileSync(compiler, ["-O2", "-w", "-o", binary, ...paths, "-lm"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return binary;
}

function mpi4py(): Side | string {
  const python = findPython();
  if (typeof python === "string") return python;
  const { command, versions, hasScipy, mpi } = python;
  return {
    name: "mpi4py",
    about: `mpi4py: ${versions} on ${mpi.name}, one thread a rank`,
    command({ program }, ranks) {
      if (program === "poststack" && !hasScipy) return undefined;
      return [...mpi.start(ranks), command, "-B", join(peers, `${program}.py`)];
    },
  };
}
