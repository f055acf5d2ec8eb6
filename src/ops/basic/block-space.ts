import type { BlockSpace } from "../../array/blocks.js";
import { Distribution, type DistributionOptions } from "../../array/distribution.js";
import { LocalSpace } from "../../array/local-space.js";
import type { Space } from "../../array/vector.js";
import { product, sameNumbers } from "../../array/shape.js";
import { shown } from "../../options.js";

/** Where such an operator acts: dims of local arrays (a number: those of one axis), a local space, or a distribution. */
export type Where<V> = number | readonly number[] | BlockSpace<V>;

/** The space meant; plain dims mean local arrays. */
export function spaceOf<V>(where: Where<V>): BlockSpace<V> {
  if (isDims(where)) return typed(new LocalSpace(typeof where === "number" ? [where] : where));
  if (isBlockSpace(where)) return where;
  throw new TypeError(
    `the place of an operator is ${shown(where)}; give lengths of all axes, such as [20, 30], or a Distribution`,
  );
}

/** The same for operators that take vectors of any kind. */
export function asSpace<V>(where: number | readonly number[] | Space<V>): Space<V> {
  return typeof where === "object" && "zeros" in where ? where : spaceOf<V>(where);
}

/** A space of local or distributed arrays, known as such. @throws {TypeError} For stacks, and spaces of the user's. */
export function blockSpaceOf<V>(where: string, space: Space<V>): BlockSpace<V> {
  if (isBlockSpace(space)) return space;
  throw new TypeError(`${where}: ${space.toString()} are not local or distributed arrays`);
}

function isBlockSpace<V>(space: Space<V> | undefined): space is BlockSpace<V> {
  return typeof space === "object" && "localShape" in space;
}

/** The distribution that a space is, if its arrays are distributed. */
export function distributionOf(space: unknown): Distribution | undefined {
  return space instanceof Distribution ? space : undefined;
}

/** Neighbouring axes taken as one long axis: `count` of them from `first` on. */
export interface Span {
  readonly first: number;
  readonly count: number;
}

/** Whether ranks have different parts along the span. */
export function isSplitAlong(space: BlockSpace<unknown>, { first, count }: Span): boolean {
  return space.grid.slice(first, first + count).some((ranks) => ranks > 1);
}

/** The space of the same kind whose arrays every rank holds as a whole. */
export function replicatedOf<V>(space: BlockSpace<V>, dims: readonly number[] = space.dims): BlockSpace<V> {
  if (!space.comm) return space.withDims(dims);
  return typed(new Distribution(space.comm, dims, { replicated: true }));
}

/**
 * The space with other axes in place of a span, on the same ranks: axes outside it keep their blocks; so do those of
 * the span whose length stays, if their number does. Else all the ranks of the span are along the first of the new axes,
 * in blocks as equal as can be, or if there is none, every rank has a copy of the whole.
 */
export function withSpan<V>(space: BlockSpace<V>, span: Span, lengths: readonly number[]): BlockSpace<V> {
  const replace = <T>(all: readonly T[], by: readonly T[]) => [
    ...all.slice(0, span.first),
    ...by,
    ...all.slice(span.first + span.count),
  ];
  const dims = replace(space.dims, lengths);
  if (sameNumbers(dims, space.dims)) return space;
  const distribution = distributionOf(space);
  if (lengths.length === 0 && isSplitAlong(space, span)) return replicatedOf(space, dims);
  const kept = space.dims.map((_, axis) => distribution?.blocks(axis));
  if (lengths.length === span.count) {
    const same = dims.map((n, axis) => (n === space.dims[axis] ? kept[axis] : undefined));
    return spreadAs(space, dims, space.grid, same);
  }
  const ranks = product(space.grid.slice(span.first, span.first + span.count));
  const grid = replace(space.grid, lengths.map((_, k) => (k === 0 ? ranks : 1))); // prettier-ignore
  return spreadAs(space, dims, grid, replace<number[] | undefined>(kept, lengths.map(() => undefined))); // prettier-ignore
}

/** Arrays of other dims on the same ranks: local and replicated ones stay that, others are split by grid and blocks. */
export function spreadAs<V>(
  space: BlockSpace<V>,
  dims: readonly number[],
  grid: readonly number[],
  blocks?: DistributionOptions["blocks"],
): BlockSpace<V> {
  const distribution = distributionOf(space);
  if (!distribution || space.replicated) return space.withDims(dims);
  return typed(distribution.with(dims, { grid, blocks }));
}

/** The places along a span that a rank has (default: this one), as one number each, in the order of its block. */
export function placesOf(space: BlockSpace<unknown>, { first, count }: Span, rank?: number): Int32Array {
  const distribution = distributionOf(space);
  const elsewhere = distribution && rank !== undefined;
  const shape = elsewhere ? distribution.shapeOf(rank) : space.localShape;
  const start = elsewhere ? distribution.startOf(rank) : space.localStart;
  let places = Int32Array.of(0);
  for (let axis = first; axis < first + count; axis++) {
    const [length, from, before] = [shape[axis], start[axis], places];
    places = new Int32Array(before.length * length);
    for (let k = 0, at = 0; k < before.length; k++)
      for (let i = 0; i < length; i++) places[at++] = before[k] * space.dims[axis] + from + i;
  }
  return places;
}

/** V is LocalArray where dims are given, and the arrays of one distribution are those of another. */
function typed<V>(space: BlockSpace<unknown>): BlockSpace<V> {
  return space as BlockSpace<V>;
}

function isDims(where: unknown): where is number | readonly number[] {
  return typeof where === "number" || Array.isArray(where);
}
