import { readFileSync, statfsSync } from "node:fs";
import { arch, networkInterfaces, tmpdir, totalmem } from "node:os";
import { readTopology, type Topology } from "../src/topology/topology.js";
import { requireNative } from "../src/native.js";

/** What a host is like, as far as it matters to a job. */
export interface HostFacts {
  /** Version of node, and the kind of machine. */
  readonly node: string;
  readonly arch: string;
  readonly topology: Topology;
  readonly memoryBytes: number;
  /** Free there; -1 where there is no such folder. */
  readonly shmBytes: number;
  readonly temporaryBytes: number;
  /** Files that a process may have open; Infinity, as -1, if there is no limit. */
  readonly openFiles: number;
  /** Addresses beside the loopback, as `eth0 10.0.0.1`. */
  readonly addresses: readonly string[];
  /** Native packages that do not load, with the reason. */
  readonly broken: readonly string[];
  /** Time on its clock, in ms since 1970. */
  readonly clockMs: number;
}

/** Looks at this host. Local; takes a millisecond or two. */
export function hostFacts(): HostFacts {
  const cards = Object.entries(networkInterfaces()).flatMap(([name, own = []]) =>
    own.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`),
  );
  return {
    node: process.version,
    arch: arch(),
    topology: readTopology(),
    memoryBytes: totalmem(),
    shmBytes: freeBytes("/dev/shm"),
    temporaryBytes: freeBytes(tmpdir()),
    openFiles: openFiles(),
    addresses: cards,
    broken: (["koffi", "zeromq"] as const).flatMap(failure),
    clockMs: Date.now(),
  };
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return -1;
  }
}

function openFiles(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? -1);
  } catch {
    return -1;
  }
}

function failure(name: "koffi" | "zeromq"): string[] {
  try {
    requireNative(name);
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`];
  }
}
