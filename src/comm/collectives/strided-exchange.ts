import { describe } from "../arguments.js";
import { isTypedArray } from "../envelope.js";
import type { Strided } from "../layout.js";
import type { TypedArray } from "../types.js";

/** The pieces for so many ranks, each packed into an array of its own. */
export function packed(where: string, count: number, pieces: readonly Strided[]): TypedArray[] {
  checkPieces(where, "value", count, pieces);
  return pieces.map(({ data, layout, offset = 0 }) => layout.pack(data, undefined, offset));
}

/** @throws {TypeError | RangeError} Unless there is a strided piece for each rank that fits its array. */
export function checkPieces(
  where: string,
  argument: string,
  count: number,
  pieces: readonly Strided[],
): void {
  if (pieces?.length !== count) {
    throw new RangeError(
      `${where}: ${argument} has ${pieces?.length} pieces for ${count} ranks; pass one { data, layout } for each rank`,
    );
  }
  for (const { data, layout, offset = 0 } of pieces) layout.check(where, data, offset);
}

/**
 * Spreads what came over the pieces for it.
 *
 * @param received - `undefined` where nothing can come: from PROC_NULL.
 * @param sources - Ranks that it came from; default: from every rank, in order.
 */
export function spread(
  where: string,
  received: readonly unknown[],
  into: readonly Strided[],
  sources?: readonly number[],
): void {
  received.forEach((values, i) => {
    if (values === undefined) return;
    const { data, layout, offset = 0 } = into[i];
    if (!isTypedArray(values) || values.constructor !== data.constructor || values.length !== layout.count) {
      const what = isTypedArray(values) ? `${values.constructor.name}(${values.length})` : describe(values);
      throw new RangeError(
        `${where}: rank ${sources?.[i] ?? i} sends ${what}, its piece of into takes ` +
          `${data.constructor.name}(${layout.count}); make layouts and types agree`,
      );
    }
    layout.unpack(values, data, offset);
  });
}
