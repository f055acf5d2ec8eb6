import { agreeOn } from "./agree-on.js";
import type { Distribution } from "./distribution.js";
import { DistributedArray } from "./distributed-array.js";
import { Exchange } from "./exchange.js";
import { runs } from "./runs.js";
import { product, stridesOf } from "./shape.js";
import type { Transfer } from "./transfers.js";

/** The same elements, in C order, in other dims. Collective: one all-to-all, or nothing where all of them stay. */
export async function reshaped(
  array: DistributedArray,
  dims: readonly number[],
  to: Distribution = defaultTarget(array.distribution, dims),
): Promise<DistributedArray> {
  const from = array.distribution;
  if (to.size !== from.size || to.comm !== from.comm) {
    throw new RangeError(
      `reshape: ${from.toString()} to ${to.toString()}; size and communicator must be the same`,
    );
  }
  await array.verify();
  const target = new DistributedArray(to, array.dtype);
  const exchange = planOf(from, to);
  if (exchange.communicates || to.checked)
    await agreeOn(to.comm, ["reshape", to.describe(), from.describe()]);
  await exchange.run(array.dtype, array.local, target.local);
  exchange[Symbol.dispose]();
  return target;
}

/** Split along the first axis, where the old blocks end if rows of the new dims end there, too; otherwise balanced. */
function defaultTarget(from: Distribution, dims: readonly number[]): Distribution {
  const row = product(dims.slice(1));
  const ends = flatOffsets(from);
  if (!ends?.every((end) => row > 0 && end % row === 0)) return from.with(dims, {});
  return from.with(dims, { blocks: [ends.slice(1).map((end, k) => (end - ends[k]) / row)] });
}

/** Where each block starts in C order, if blocks are one after the other. */
function flatOffsets(distribution: Distribution): number[] | undefined {
  if (distribution.grid.some((ranks, axis) => axis > 0 && ranks > 1)) return undefined;
  const row = product(distribution.dims.slice(1));
  return distribution.offsets(0).map((offset) => offset * row);
}

function planOf(from: Distribution, to: Distribution): Exchange {
  const { comm } = from;
  const [source, target] = [flatOffsets(from), flatOffsets(to)];
  const inPlace = source && target && from.sameCells(to) && source.every((end, k) => end === target[k]);
  const none = comm.size === 1 || from.replicated || inPlace;
  const gathers = to.replicated && from.copies === 1;
  const mine = from.copyOf(comm.rank);
  const copies = Array.from({ length: to.copies }, (_, copy) => copy);
  return new Exchange({
    comm,
    carrier: none ? "none" : gathers ? "allgather" : "alltoall",
    outgoing: pieces(from, to, (cell) => {
      const takers = copies.map((copy) => to.rankAt(cell, copy));
      return takers.filter((rank) => (from.copyOf(rank) ?? 0) === mine);
    }),
    incoming: pieces(to, from, (cell) => [from.rankAt(cell, from.copyOf(comm.rank) ?? 0)]).map(
      ({ from: there, to: here, ...rest }) => ({ ...rest, from: here, to: there }),
    ),
  });
}

/**
 * The elements of this rank's block of `own`, in C order, with their places in it (`from`) and in the blocks of `other`
 * (`to`): for every peer, runs that are neighbours in both, and regular sequences of such runs.
 */
function pieces(
  own: Distribution,
  other: Distribution,
  peersAt: (cell: readonly number[]) => readonly number[],
): Transfer[] {
  const lists = new Map<number, Run[]>();
  for (const { global, local, length } of runs(own.dims, own.localStart, own.localShape)) {
    for (let done = 0; done < length;) {
      const { cell, offset, stretch } = locate(other, global + done);
      const count = Math.min(stretch, length - done);
      for (const peer of peersAt(cell)) append(lists, peer, { from: local + done, to: offset, count });
      done += count;
    }
  }
  return [...lists].flatMap(([peer, list]) =>
    list.map(({ from, to, count, rows, fromStep, toStep }) => ({
      peer,
      shape: [rows, count],
      from: { offset: from, strides: [fromStep, 1] },
      to: { offset: to, strides: [toStep, 1] },
    })),
  );
}

/** `rows` runs of `count` elements, at regular distances. */
interface Run {
  readonly from: number;
  readonly to: number;
  count: number;
  rows: number;
  fromStep: number;
  toStep: number;
}

function append(
  lists: Map<number, Run[]>,
  peer: number,
  { from, to, count }: Pick<Run, "from" | "to" | "count">,
): void {
  const list = lists.get(peer) ?? [];
  lists.set(peer, list);
  const last = list.at(-1);
  const [fromStep, toStep] = last ? [(from - last.from) / last.rows, (to - last.to) / last.rows] : [0, 0];
  if (last?.rows === 1 && fromStep === last.count && toStep === last.count) {
    last.count += count;
  } else if (
    last?.count === count &&
    (last.rows === 1 || (fromStep === last.fromStep && toStep === last.toStep))
  ) {
    Object.assign(last, { rows: last.rows + 1, fromStep, toStep });
  } else {
    list.push({ from, to, count, rows: 1, fromStep: 0, toStep: 0 });
  }
}

/** The cell of the grid that holds an element, where the element is in its block, and how many follow there. */
function locate(distribution: Distribution, element: number) {
  const { dims, grid } = distribution;
  const strides = stridesOf(dims);
  const index = strides.map((stride, axis) => Math.floor(element / stride) % dims[axis]);
  const cell = index.map((i, axis) =>
    distribution.offsets(axis).findLastIndex((offset, c) => c < grid[axis] && offset <= i),
  );
  const start = cell.map((c, axis) => distribution.offsets(axis)[c]);
  const shape = cell.map((c, axis) => distribution.offsets(axis)[c + 1] - start[axis]);
  const inBlock = stridesOf(shape);
  const offset = index.reduce((sum, i, axis) => sum + (i - start[axis]) * inBlock[axis], 0);
  // Elements follow one another up to the end of the block along the last axis that is split.
  const split = Math.max(0, grid.findLastIndex((ranks) => ranks > 1)); // prettier-ignore
  const rest = element % strides[split];
  const stretch = (start[split] + shape[split] - index[split]) * strides[split] - rest;
  return { cell, offset, stretch };
}
