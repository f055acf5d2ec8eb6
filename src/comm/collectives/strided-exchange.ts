import type { Strided } from "../layout.js";
import type { TypedArray } from "../types.js";

/** The pieces for all ranks, each packed into an array of its own. */
export function packed(where: string, size: number, pieces: readonly Strided[]): TypedArray[] {
  checkPieces(where, "value", size, pieces);
  return pieces.map(({ data, layout, offset = 0 }) => layout.pack(data, undefined, offset));
}

/** @throws {TypeError | RangeError} Unless there is a strided piece for each rank that fits its array. */
export function checkPieces(where: string, argument: string, size: number, pieces: readonly Strided[]): void {
  if (pieces?.length !== size) {
    throw new RangeError(
      `${where}: ${argument} has ${pieces?.length} pieces for ${size} ranks; pass one { data, layout } for each rank`,
    );
  }
  for (const { data, layout, offset = 0 } of pieces) layout.check(where, data, offset);
}

/** Spreads what came from each rank over the piece for it. */
export function spread(where: string, received: readonly TypedArray[], into: readonly Strided[]): void {
  received.forEach((values, source) => {
    const { data, layout, offset = 0 } = into[source];
    if (values.constructor !== data.constructor || values.length !== layout.count) {
      throw new RangeError(
        `${where}: rank ${source} sends ${values.constructor.name}(${values.length}), its piece of into takes ` +
          `${data.constructor.name}(${layout.count}); make layouts and types agree`,
      );
    }
    layout.unpack(values, data, offset);
  });
}
