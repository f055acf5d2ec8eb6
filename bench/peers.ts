import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findMpi, type Mpi, type MpiKind } from "./find-mpi.js";
import { findPython } from "./find-python.js";
import type { Launch, Side } from "./sides.js";

export const PEERS = ["openmpi", "mpich", "mpi4py"] as const;
export type Peer = (typeof PEERS)[number];

const sources = fileURLToPath(new URL("../../bench/peers/", import.meta.url)); // from dist/bench/

/**
 * The peers that are installed, and for each that is not, what is missing and how to get it.
 *
 * @param wanted - In the order of the columns.
 * @param folder - For compiled programs.
 */
export function findPeers(
  wanted: readonly Peer[],
  folder: string,
  launch: Launch = {},
): { sides: Side[]; missing: string[] } {
  const found = wanted.map((peer) => (peer === "mpi4py" ? mpi4py(launch) : cLoops(peer, folder, launch)));
  return {
    sides: found.filter((side) => typeof side !== "string"),
    missing: found.filter((side) => typeof side === "string"),
  };
}

function cLoops(kind: MpiKind, folder: string, launch: Launch): Side | string {
  const mpi = findMpi(kind, launch.mpirun);
  if (typeof mpi === "string") return mpi;
  if (mpi.compiler === undefined) return mpi.withoutCompiler;
  let binary: string | undefined;
  return {
    name: mpi.name.replace(/ [\d.]+$/, ""),
    about: `${mpi.name}: C loops, ${mpi.compiler} -O2, ${[mpi.manner, ...(launch.mpirun ?? [])].join(" ")}`,
    command({ program, name }, ranks) {
      if (program !== "communication" || name === "latency_objects") return undefined;
      binary ??= compile(mpi, folder);
      return [...mpi.start(ranks), binary];
    },
  };
}

function compile({ compiler = "mpicc", kind }: Mpi, folder: string): string {
  const files = readdirSync(sources).filter((file) => file.endsWith(".c"));
  mkdirSync(folder, { recursive: true });
  const binary = join(folder, `communication-${kind}`);
  const paths = files.map((file) => join(sources, file));
  const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];
  execFileSync(compiler, ["-O2", "-w", "-o", binary, ...paths, "-lm"], { stdio });
  return binary;
}

function mpi4py(launch: Launch): Side | string {
  const python = findPython(launch.mpirun);
  if (typeof python === "string") return python;
  const { command, versions, hasScipy, mpi } = python;
  return {
    name: "mpi4py",
    about: `mpi4py: ${versions} on ${mpi.name}, one thread a rank`,
    command({ program }, ranks) {
      if (program === "poststack" && !hasScipy) return undefined;
      return [...mpi.start(ranks), command, "-B", join(sources, `${program}.py`)];
    },
  };
}
