import type { GraphOptions } from "../api/topologies.js";
import type { Proposed } from "./proposals.js";

/** A rank's neighbours in a graph. */
export interface Adjacency {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  readonly sourceWeights?: readonly number[];
  readonly destinationWeights?: readonly number[];
}

/** Forms of the arguments, for other ranks to see. */
const ADJACENT = 0;
const EDGES = 1;

/**
 * Checks a rank's own arguments of `graph`, and lays them out for the others.
 *
 * @throws {RangeError} If they name a rank that there is not, or weights are missing.
 */
export function describeGraph(
  options: GraphOptions,
  { name, size }: { name: string; size: number },
): number[] {
  const check = (rank: number): void => {
    if (Number.isInteger(rank) && rank >= 0 && rank < size) return;
    throw new RangeError(`graph: ${rank} is not a rank of "${name}", which has ${size}`);
  };
  if ("edges" in options) {
    for (const [source, dest] of options.edges) [source, dest].forEach(check);
    return [EDGES, ...options.edges.flatMap(([source, dest, weight = 1]) => [source, dest, weight])];
  }
  const { sources, destinations, sourceWeights, destinationWeights } = options;
  [...sources, ...destinations].forEach(check);
  checkWeights("sources", sources, sourceWeights);
  checkWeights("destinations", destinations, destinationWeights);
  return [ADJACENT, sources.length, ...sources, ...destinations];
}

/**
 * This rank's neighbours by what all ranks have passed. Every rank comes to the same verdict on whether that fits.
 *
 * @throws {RangeError} If one rank sends to another that does not list it as a source as often, or vice versa.
 */
export function checkGraph(all: readonly Proposed[]): void {
  const [first, ...others] = all;
  const odd = others.find(({ details }) => details[0] !== first.details[0]);
  if (odd !== undefined)
    throw new RangeError(
      `graph: rank ${first.rank} and rank ${odd.rank} pass different forms; all pass edges, or none`,
    );
  if (first.details[0] === EDGES) return;
  // How often rank a lists b as a destination, less how often b lists a as a source.
  const balance = new Map<number, number>();
  const add = (source: number, dest: number, n: number): void => {
    const key = source * all.length + dest;
    balance.set(key, (balance.get(key) ?? 0) + n);
  };
  for (const { rank, details } of all) {
    const { sources, destinations } = listsIn(details);
    for (const dest of destinations) add(rank, dest, 1);
    for (const source of sources) add(source, rank, -1);
  }
  for (const [key, n] of balance) {
    if (n === 0) continue;
    const [source, dest] = [Math.floor(key / all.length), key % all.length];
    const sends = listsIn(all[source].details).destinations.filter((rank) => rank === dest).length;
    throw new RangeError(
      `graph: rank ${source} lists rank ${dest} ${sends} times as a destination, which lists it ${sends - n} times as a source; ` +
        `make both lists agree`,
    );
  }
}

export function adjacencyOf(rank: number, options: GraphOptions, all: readonly Proposed[]): Adjacency {
  if (!("edges" in options)) {
    const { sources, destinations, sourceWeights, destinationWeights } = options;
    return {
      sources: [...sources],
      destinations: [...destinations],
      sourceWeights: sourceWeights && [...sourceWeights],
      destinationWeights: destinationWeights && [...destinationWeights],
    };
  }
  const edges = all.flatMap(({ details }) => triples(details.subarray(1)));
  const into = edges.filter(([, dest]) => dest === rank);
  const out = edges.filter(([source]) => source === rank);
  return {
    sources: into.map(([source]) => source),
    destinations: out.map(([, dest]) => dest),
    sourceWeights: into.map(([, , weight]) => weight),
    destinationWeights: out.map(([, , weight]) => weight),
  };
}

function listsIn(details: Float64Array): { sources: Float64Array; destinations: Float64Array } {
  const begin = 2 + details[1];
  return { sources: details.subarray(2, begin), destinations: details.subarray(begin) };
}

function triples(numbers: Float64Array): [number, number, number][] {
  return Array.from({ length: numbers.length / 3 }, (_, i) => [
    numbers[3 * i],
    numbers[3 * i + 1],
    numbers[3 * i + 2],
  ]);
}

function checkWeights(what: string, ranks: readonly number[], weights: readonly number[] | undefined): void {
  if (weights === undefined || weights.length === ranks.length) return;
  throw new RangeError(
    `graph: ${weights.length} weights for ${ranks.length} ${what}; pass one each, or none`,
  );
}
