import type { Grid } from "./grid.js";

/**
 * Which rank goes to which cell of a grid, so that neighbours are on one host where possible.
 *
 * With as many ranks on every host, each host gets a block of cells, of the shape with the fewest neighbours elsewhere
 * that tiles the grid. Otherwise, or if none does, each host gets a run of cells in row-major order.
 *
 * @param hosts - Host of each rank; as many as the grid has cells.
 * @returns The rank of each cell, in row-major order.
 * @see Gropp, Using node information to implement MPI Cartesian topologies, Parallel Computing 85, 2019,
 * doi:10.1016/j.parco.2019.01.001
 */
export function placeByHost(grid: Grid, hosts: readonly number[]): number[] {
  const byHost = new Map<number, number[]>();
  hosts.forEach((host, rank) => byHost.set(host, [...(byHost.get(host) ?? []), rank]));
  const groups = [...byHost.values()];
  const [{ length }] = groups;
  const block = groups.every((ranks) => ranks.length === length) ? bestBlock(grid, length) : undefined;
  if (block === undefined) return groups.flat();
  const blocks = grid.dims.map((dim, i) => dim / block[i]);
  return Array.from({ length: grid.size }, (_, cell) => {
    const coords = grid.coordsOf(cell);
    const host = flatten(
      coords.map((coord, i) => Math.floor(coord / block[i])),
      blocks,
    );
    return groups[host][
      flatten(
        coords.map((coord, i) => coord % block[i]),
        block,
      )
    ];
  });
}

/** The shape of `cells` cells that tiles a grid with the fewest neighbours in other tiles, if there is one. */
function bestBlock({ dims, periods, size }: Grid, cells: number): number[] | undefined {
  const links = (shape: readonly number[]): number =>
    shape.reduce((sum, length, i) => {
      const tiles = dims[i] / length;
      const cuts = tiles > 1 && periods[i] ? tiles : tiles - 1;
      return sum + (cuts * size) / dims[i];
    }, 0);
  let best: number[] | undefined;
  for (const shape of shapes(dims, cells)) if (best === undefined || links(shape) < links(best)) best = shape;
  return best;
}

function* shapes(dims: readonly number[], cells: number): Iterable<number[]> {
  if (dims.length === 0) {
    if (cells === 1) yield [];
    return;
  }
  const [first, ...others] = dims;
  for (let length = first; length >= 1; length--) {
    if (first % length !== 0 || cells % length !== 0) continue;
    for (const rest of shapes(others, cells / length)) yield [length, ...rest];
  }
}

function flatten(coords: readonly number[], dims: readonly number[]): number {
  return coords.reduce((index, coord, i) => index * dims[i] + coord, 0);
}
