import type { Communicator } from "../../comm/types.js";
import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { numbersPerElement } from "../../array/dtype.js";
import { alongAxis, product, sameNumbers } from "../../array/shape.js";
import { AxisExchange } from "./axis-exchange.js";
import { type AxisTable, columnsOf, type LineLayout, placesNeeded, rowsOf, sumRows } from "./axis-table.js";
import { distributionOf, isSplitAlong, placesOf, type Span } from "./block-space.js";
import { OwnPart } from "./own-part.js";

/**
 * A sparse matrix along a span of axes of local or distributed arrays: y[…, k, …] = Σ weight · x[…, place, …]. The span
 * of the target begins at the same axis as that of the source; the other axes are those of both.
 *
 * Where the span is split, the places that the rows of a rank need are gathered from their owners, each one once, in
 * one all-to-all; which ones is worked out when the map is made, from the table and the two distributions alone. From a
 * replicated source nothing is gathered. Every row is summed in the order of its table, so that it has the same bits on
 * any number of ranks.
 *
 * A replicated target is added up over the ranks, each of which has summed the places that it owns, in one allreduce;
 * its bits depend on the number of ranks.
 */
export class AxisMap {
  readonly #layout: LineLayout;
  /** The rows of this rank; places are those in its block, or, with an exchange, in what it receives. */
  readonly #table: AxisTable;
  readonly #exchange: AxisExchange | undefined;
  /** Of a replicated side, where the other one is split: what belongs to this rank across the span. */
  readonly #part: OwnPart | undefined;
  /** Whose shares are added up in a replicated target. */
  readonly #addends: Communicator | undefined;

  /** @throws {RangeError} If the axes outside the spans have different blocks. */
  constructor(
    from: BlockSpace<unknown>,
    to: BlockSpace<unknown>,
    [source, target]: readonly [Span, Span],
    table: AxisTable,
  ) {
    const [gathers, reduces] = [to.comm && !to.replicated, from.comm && !from.replicated];
    const { inner, outer } = gathers
      ? alongAxis(to.localShape, target.first, target.count)
      : alongAxis(from.localShape, source.first, source.count);
    const length = product(from.localShape.slice(source.first, source.first + source.count));
    this.#layout = { outer, inner, outerStride: length * inner, placeStride: inner };
    if (gathers && from.replicated) this.#part = new OwnPart(from, source, to, target);
    if (reduces && to.replicated) {
      this.#part = new OwnPart(to, target, from, source);
      this.#addends = from.comm;
      this.#table = columnsOf(table, placesOf(from, source));
      return;
    }
    const own = rowsOf(table, placesOf(to, target));
    const distribution = distributionOf(from);
    if (gathers && !from.replicated) checkAcross(from, source, to, target);
    if (!gathers || !distribution || !isSplitAlong(from, source)) {
      this.#table = own;
      return;
    }
    const needs = (rank: number) => placesNeeded(rowsOf(table, placesOf(to, target, rank)));
    this.#exchange = new AxisExchange(distribution, source, needs);
    this.#table = { ...own, places: this.#exchange.positionsOf(own.places) };
  }

  /** Whether it is collective. */
  get sends(): boolean {
    return this.#exchange !== undefined || this.#addends !== undefined;
  }

  /** y ← A x. Collective if the axes are split, else local and done when it returns. */
  apply(x: BlockVector<unknown>, y: BlockVector<unknown>): Promise<void> | void {
    const numbers = numbersPerElement(x.dtype);
    const { outer, inner, outerStride, placeStride } = this.#layout;
    const layout = {
      outer,
      inner: inner * numbers,
      outerStride: outerStride * numbers,
      placeStride: placeStride * numbers,
    };
    if (this.#exchange) return this.#gatherAndSum(this.#exchange, x, y, layout);
    if (this.#addends) return this.#sumAndAdd(this.#addends, x, y, layout);
    sumRows(this.#table, this.#part?.take(x) ?? x.local, y.local, layout);
  }

  async #gatherAndSum(
    exchange: AxisExchange,
    x: BlockVector<unknown>,
    y: BlockVector<unknown>,
    { outer, inner }: LineLayout,
  ): Promise<void> {
    const received = await exchange.run(x.dtype, x.local, outer, inner);
    sumRows(this.#table, received, y.local, { outer, inner, outerStride: inner, placeStride: outer * inner });
  }

  async #sumAndAdd(
    comm: Communicator,
    x: BlockVector<unknown>,
    y: BlockVector<unknown>,
    layout: LineLayout,
  ): Promise<void> {
    if (x.space.primary) {
      sumRows(this.#table, x.local, this.#part?.buffer(y) ?? y.local, layout);
      this.#part?.put(y);
    } else y.local.fill(0); // what another rank adds
    if (comm.size > 1) await comm.allreduce(y.local, { op: "sum", into: y.local });
  }
}

/** @throws {RangeError} If ranks have different parts of the two outside the spans. */
function checkAcross(from: BlockSpace<unknown>, source: Span, to: BlockSpace<unknown>, target: Span): void {
  const across = ({ grid, localStart, localShape }: BlockSpace<unknown>, { first, count }: Span) =>
    [grid, localStart, localShape].flatMap((all) => [...all.slice(0, first), ...all.slice(first + count)]);
  const [one, other] = [distributionOf(from), distributionOf(to)];
  if (one && other?.sameCells(one) && sameNumbers(across(from, source), across(to, target))) return;
  throw new RangeError(
    `from ${from.toString()} to ${to.toString()}: ranks have different parts of the axes that stay; make them the same`,
  );
}
