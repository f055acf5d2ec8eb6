import type { Distribution } from "./distribution.js";
import { type HaloAxis, type HaloRun, paddedLength, runsAt } from "./halo-runs.js";
import { stridesOf } from "./shape.js";
import type { Transfer } from "./transfers.js";

/** A run, and the place along the axis of the padded block that wants it. */
interface PlacedRun extends HaloRun {
  readonly place: number;
}

/**
 * The boxes that travel so that every block gets its halo: one run along each axis, so edges and corners included. What a
 * rank sends and what it receives follow from the distribution alone.
 */
export class HaloTransfers {
  readonly #distribution: Distribution;
  readonly #axes: readonly HaloAxis[];

  constructor(distribution: Distribution, axes: readonly HaloAxis[]) {
    this.#distribution = distribution;
    this.#axes = axes;
  }

  /** What the padded block at a place of the grid is made of, without its own middle. */
  wantedBy(me: readonly number[]): Transfer[] {
    return this.#boxes(
      this.#axes.map((axis, k) => placedRuns(axis, me[k])),
      "owner",
    );
  }

  /** What the padded blocks of all ranks are made of that the block at a place of the grid owns, without its own middle. */
  askedOf(me: readonly number[]): Transfer[] {
    const runs = this.#axes.map((axis, k) =>
      axis.offsets
        .slice(1)
        .flatMap((_, place) => placedRuns(axis, place).filter(({ owner }) => owner === me[k])),
    );
    return this.#boxes(runs, "place");
  }

  /** @param peer - Whom the boxes come from, or go to. */
  #boxes(runs: readonly (readonly PlacedRun[])[], peer: "owner" | "place"): Transfer[] {
    return products(runs)
      .filter((box) => !box.every(({ core }) => core))
      .map((box) => this.#transfer(box, peer));
  }

  #transfer(box: readonly PlacedRun[], peer: "owner" | "place"): Transfer {
    const distribution = this.#distribution;
    const owner = distribution.rankAt(box.map((run) => run.owner));
    const padded = box.map(({ place }, axis) => paddedLength(this.#axes[axis], place));
    return {
      peer: distribution.rankAt(box.map((run) => run[peer])),
      shape: box.map(({ count }) => count),
      from: cornerIn(
        distribution.shapeOf(owner),
        box.map(({ from }) => from),
      ),
      to: cornerIn(
        padded,
        box.map(({ to }) => to),
      ),
    };
  }
}

function placedRuns(axis: HaloAxis, place: number): PlacedRun[] {
  return runsAt(axis, place).map((run) => ({ ...run, place }));
}

/** Where a box that starts at the cell `at` lies in a block of a shape. */
function cornerIn(shape: readonly number[], at: readonly number[]): Transfer["from"] {
  const strides = stridesOf(shape);
  return { strides, offset: at.reduce((sum, cell, axis) => sum + cell * strides[axis], 0) };
}

/** All ways to take one of each list, the last list fastest. */
function products<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>(
    (boxes, list) => boxes.flatMap((box) => list.map((entry) => [...box, entry])),
    [[]],
  );
}
