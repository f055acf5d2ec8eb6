import { allocate } from "../../array/arithmetic.js";
import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import type { Distribution } from "../../array/distribution.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import { alongAxis } from "../../array/shape.js";
import type { AxisTable } from "./axis-table.js";
import { distributionOf } from "./block-space.js";

/** What this rank sends and receives: places along the axis, counted in a block, by rank of the communicator. */
interface Plan {
  readonly distribution: Distribution;
  readonly outgoing: readonly (readonly number[])[];
  readonly incoming: readonly (readonly number[])[];
}

interface Buffers {
  readonly sent: Storage;
  readonly received: Storage;
}

/**
 * A sparse matrix along one axis of local or distributed arrays: y[…, k, …] = Σ weight · x[…, place, …].
 *
 * Where the axis is split, the places that the rows of a rank need are gathered from their owners, each one once, in
 * one all-to-all; which ones is worked out when the map is made, from the table and the two distributions alone. Every
 * row is summed in the order of its table, so that it has the same bits on any number of ranks.
 */
export class AxisMap {
  readonly #outer: number;
  readonly #inner: number;
  /** Places along the axis in this rank's block of the source. */
  readonly #length: number;
  /** The rows of this rank; places are those in its block, or, with a plan, in what it receives. */
  readonly #table: AxisTable;
  readonly #plan: Plan | undefined;
  readonly #buffers = new Map<DType, Buffers>();

  /** @param to - As `from`, but along the axis. */
  constructor(from: BlockSpace<unknown>, to: BlockSpace<unknown>, axis: number, table: AxisTable) {
    const { outer, length, inner } = alongAxis(from.localShape, axis);
    [this.#outer, this.#length, this.#inner] = [outer, length, inner];
    const [source, target] = [distributionOf(from), distributionOf(to)];
    const own = rowsOf(table, to.localStart[axis], to.localShape[axis]);
    if (!source || !target || source.grid[axis] === 1) {
      this.#table = own;
      return;
    }
    const needed = placesOf(own);
    this.#plan = planOf(source, target, axis, table, needed);
    const order = new Map(needed.map((place, i) => [place, i]));
    this.#table = { ...own, places: own.places.map((place) => order.get(place) ?? 0) };
  }

  /** y ← A x. Collective if the axis is split, else local and done when it returns. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>): Promise<void> | void {
    const inner = this.#inner * numbersPerElement(x.dtype);
    if (this.#plan) return this.#gatherAndSum(this.#plan, x, y, inner);
    this.#sum(x.local, y.local, inner, this.#length * inner, inner);
  }

  async #gatherAndSum(
    plan: Plan,
    x: BlockVector<unknown>,
    y: BlockVector<unknown>,
    inner: number,
  ): Promise<void> {
    const lines = this.#outer * inner;
    const [sendCounts, counts] = [plan.outgoing, plan.incoming].map((all) =>
      all.map((places) => places.length * lines),
    );
    const { sent, received } = this.#buffersFor(x.dtype, total(sendCounts), total(counts));
    let at = 0;
    for (const places of plan.outgoing)
      for (const place of places) at = this.#pack(x.local, place, sent, at, inner);
    await plan.distribution.comm.alltoall(sent, { counts: sendCounts, recvCounts: counts, into: received });
    this.#sum(received, y.local, inner, inner, lines);
  }

  /** One place along the axis, all there is of it, to `at`; returns where it ends. */
  #pack(x: Storage, place: number, sent: Storage, at: number, inner: number): number {
    for (let o = 0; o < this.#outer; o++, at += inner) {
      const start = (o * this.#length + place) * inner;
      sent.set(x.subarray(start, start + inner), at);
    }
    return at;
  }

  /** @param outerStride, placeStride - Where in `x` the next line, and the next place, begin. */
  #sum(x: Storage, y: Storage, inner: number, outerStride: number, placeStride: number): void {
    const { rows, starts, places, weights } = this.#table;
    for (let o = 0, at = 0; o < this.#outer; o++) {
      for (let k = 0; k < rows; k++, at += inner) {
        const [first, end] = [starts[k], starts[k + 1]];
        if (first === end) y.fill(0, at, at + inner);
        for (let e = first; e < end; e++) {
          const weight = weights[e];
          const from = o * outerStride + places[e] * placeStride;
          if (e === first) for (let i = 0; i < inner; i++) y[at + i] = weight * x[from + i];
          else for (let i = 0; i < inner; i++) y[at + i] += weight * x[from + i];
        }
      }
    }
  }

  #buffersFor(dtype: DType, sent: number, received: number): Buffers {
    let buffers = this.#buffers.get(dtype);
    if (!buffers) {
      const step = numbersPerElement(dtype);
      buffers = { sent: allocate(dtype, sent / step), received: allocate(dtype, received / step) };
      this.#buffers.set(dtype, buffers);
    }
    return buffers;
  }
}

function rowsOf({ columns, starts, places, weights }: AxisTable, start: number, rows: number): AxisTable {
  const [first, end] = [starts[start], starts[start + rows]];
  return {
    rows,
    columns,
    starts: starts.slice(start, start + rows + 1).map((entry) => entry - first),
    places: places.slice(first, end),
    weights: weights.slice(first, end),
  };
}

/** The places that a table needs, each once, ascending: so that those of one owner are together. */
function placesOf({ places }: AxisTable): number[] {
  return [...new Set(places)].sort((a, b) => a - b);
}

/** Ranks that differ from this one only in their place along the axis exchange what they need of each other. */
function planOf(
  source: Distribution,
  target: Distribution,
  axis: number,
  table: AxisTable,
  needed: readonly number[],
): Plan {
  const { rank, size } = source.comm;
  const own = source.coordinatesOf(rank);
  const [columns, rows] = [source.offsets(axis), target.offsets(axis)];
  const outgoing: number[][] = Array.from({ length: size }, () => []);
  const incoming: number[][] = Array.from({ length: size }, () => []);
  if (!own) return { distribution: source, outgoing, incoming }; // a rank that holds nothing
  const within = (places: readonly number[], block: number): number[] =>
    places
      .filter((place) => place >= columns[block] && place < columns[block + 1])
      .map((place) => place - columns[block]);
  for (let block = 0; block < source.grid[axis]; block++) {
    const peer = source.rankAt(own.with(axis, block));
    const theirs =
      block === own[axis] ? needed : placesOf(rowsOf(table, rows[block], rows[block + 1] - rows[block]));
    outgoing[peer] = within(theirs, own[axis]);
    incoming[peer] = within(needed, block);
  }
  return { distribution: source, outgoing, incoming };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
