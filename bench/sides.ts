import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Benchmark } from "./catalogue.js";
import { findMpi, type MpiKind } from "./find-mpi.js";

/** One of those that are compared: how to start a program of it. */
export interface Side {
  readonly name: string;
  readonly about: string;
  /** Undefined if this side has no such program. */
  command(benchmark: Benchmark, ranks: number): readonly string[] | undefined;
}

/** Further options of those who start ranks: hosts, ways to them. */
export interface Launch {
  readonly tsmpirun?: readonly string[];
  readonly mpirun?: readonly string[];
}

export const TRANSPORTS = ["auto", "shm", "zmq", "mpi", "mpi:openmpi", "mpi:mpich"] as const;
export type Transport = (typeof TRANSPORTS)[number];

const programs = fileURLToPath(new URL("programs/", import.meta.url)); // in dist/bench/
const launcher = fileURLToPath(new URL("../launcher/", import.meta.url));

/**
 * tsmpi on one of its transports; on `mpi`, its ranks are started by mpirun.
 *
 * @param name - Default: tsmpi, and the transport unless that is auto.
 * @throws {Error} If that MPI is not installed, with how to get it.
 */
export function tsmpi(transport: Transport, launch: Launch = {}, name?: string): Side {
  name ??= transport === "auto" ? "tsmpi" : `tsmpi ${transport}`;
  const about = `${name}: node ${process.version}, transport ${transport}`;
  if (transport.startsWith("mpi")) return throughMpi(transport, launch, name, about);
  const options = ["--transport", transport, ...(launch.tsmpirun ?? [])];
  return {
    name,
    about: launch.tsmpirun?.length ? `${about}, ${launch.tsmpirun.join(" ")}` : about,
    command: (benchmark, ranks) => [
      ...[process.execPath, join(launcher, "cli.js"), ...options],
      ...["-n", `${ranks}`, scriptOf(benchmark)],
    ],
  };
}

function throughMpi(transport: Transport, { mpirun }: Launch, name: string, about: string): Side {
  const kinds: MpiKind[] = transport === "mpi" ? ["openmpi", "mpich"] : [transport.slice(4) as MpiKind];
  const missing: string[] = [];
  for (const kind of kinds) {
    const mpi = findMpi(kind, mpirun);
    if (typeof mpi === "string") missing.push(mpi);
    else
      return {
        name,
        about: `${about}, started by mpirun of ${mpi.name}`,
        command: (benchmark, ranks) => [
          ...mpi.start(ranks),
          ...[process.execPath, join(launcher, "tsmpi.js"), scriptOf(benchmark)],
        ],
      };
  }
  throw new Error(`--transport ${transport}: ${missing.join("; ")}`);
}

function scriptOf({ program }: Benchmark): string {
  return join(programs, `${program}.js`);
}
