import { type Level, partsOf, readTopology, type Topology } from "../../topology/topology.js";

/** What `splitNode` splits by. */
export const PARTS = ["host", "socket", "numa", "l3", "core"] as const;
export type PartName = (typeof PARTS)[number];

const LEVELS: Readonly<Record<PartName, Level>> = {
  host: "node",
  socket: "socket",
  numa: "numa",
  l3: "l3",
  core: "core",
};

/** Colors for each host; numbers of parts are smaller, and not below −{@link FIRST}. */
const COLORS = 2 ** 24;
const FIRST = 2 ** 16;

/**
 * A color for this rank's part of its host: ranks of one host and part get the same one, and so do all ranks of a host
 * whose CPUs are not all in one part. Local.
 *
 * @param cpus - On which this rank may run.
 * @throws {RangeError} If there is no such part.
 */
export function partColor(host: number, by: PartName, cpus?: Topology): number {
  if (!PARTS.includes(by))
    throw new RangeError(`splitNode: by "${String(by)}" is none of ${PARTS.join(", ")}`);
  if (by === "host") return host * COLORS;
  const level = LEVELS[by];
  const parts = partsOf(cpus ?? readTopology(), level);
  if (parts.length !== 1 || level === "node" || level === "hwthread") return host * COLORS;
  return host * COLORS + FIRST + parts[0][0][level];
}
