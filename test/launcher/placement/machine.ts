import type { Topology } from "../../../src/topology/topology.js";

/** A regular host: CPUs are numbered as Linux often does, first threads of all cores before second ones. */
export function machine(shape: {
  readonly sockets: number;
  /** Memory nodes of a socket, each with an L3; cores of a memory node; threads of a core. */
  readonly numa: number;
  readonly cores: number;
  readonly threads: number;
}): Topology {
  const { sockets, numa, cores, threads } = shape;
  const total = sockets * numa * cores;
  return Array.from({ length: total * threads }, (_, id) => {
    const core = id % total;
    const node = Math.floor(core / cores);
    return { id, core, l3: node, numa: node, socket: Math.floor(node / numa) };
  });
}
