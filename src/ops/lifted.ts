import type { DistributedArray } from "../array/distributed-array.js";
import { Distribution } from "../array/distribution.js";
import { LocalSpace } from "../array/local-space.js";
import { product, sameNumbers } from "../array/shape.js";
import type { Derivation } from "./algebra.js";
import { isSplitAlong, withSpan } from "./basic/block-space.js";
import { eachPiece, type LocalOperator } from "./each-piece.js";

/**
 * How a local operator acts on distributed arrays of which one side is known, where there is one way only:
 *
 * - Its dims are those of the last axes, which every rank has whole: on every item along the others, replicated or split.
 * - Its dims are those of the block of every rank, all blocks alike: on every block, a block diagonal.
 *
 * @throws {RangeError} If neither is so.
 */
export function lifted(
  where: string,
  op: LocalOperator,
  side: "model" | "data",
  space: Distribution,
): Derivation<DistributedArray, DistributedArray> {
  const [own, others] = side === "model" ? [op.dims, op.dimsd] : [op.dimsd, op.dims];
  const { dims, comm, grid } = space;
  const span = { first: dims.length - own.length, count: own.length };
  const acting = (other: Distribution, items: number) => {
    const [model, data] = side === "model" ? [space, other] : [other, space];
    const { dtype, clinear } = op;
    return { name: "LiftedOperator", model, data, dtype, clinear, parts: [op], ...eachPiece(op, items) };
  };
  if (span.first >= 0 && sameNumbers(dims.slice(span.first), own) && !isSplitAlong(space, span)) {
    const other = withSpan<DistributedArray>(space, span, others);
    const items = product(space.localShape.slice(0, span.first));
    if (other instanceof Distribution) return acting(other, items);
  }
  const alike = Array.from({ length: comm.size }, (_, rank) => space.shapeOf(rank)).every((shape) =>
    sameNumbers(shape, own),
  );
  const firstOnly = grid.slice(1).every((ranks) => ranks === 1);
  if (alike && (others.length === grid.length || firstOnly)) {
    const places = others.map((_, axis) =>
      others.length === grid.length ? grid[axis] : axis === 0 ? grid[0] : 1,
    );
    const other = space.with(others.map((n, axis) => n * places[axis]), { grid: places }); // prettier-ignore
    return acting(other, 1);
  }
  throw new RangeError(
    `${where}: a local operator from [${op.dims.join(", ")}] to [${op.dimsd.join(", ")}], and distributed arrays of ` +
      `${space.toString()}; its ${side === "model" ? "model" : "data"} must be their last axes, whole on every rank, or the ` +
      "block of every rank",
  );
}

export function isLocal(op: { readonly model: unknown; readonly data: unknown }): op is LocalOperator {
  return op.model instanceof LocalSpace && op.data instanceof LocalSpace;
}
