import { checkReduction } from "./arguments.js";
import { identical, overlap } from "./collectives/buffers.js";
import { combine, unsuited } from "./operations.js";
import type { OpName, TypedArray } from "./types.js";

/**
 * into ← earlier ∘ into, elementwise, as a reduction combines the contribution of a rank with that of a later one. Local.
 *
 * @returns `into`.
 * @throws {RangeError | TypeError} If types or lengths differ, the arrays overlap in part, or `op` cannot reduce them.
 */
export function reduceLocal<A extends TypedArray>(earlier: A, into: A, op: OpName = "sum"): A {
  checkReduction("reduceLocal", op);
  if (earlier.constructor !== into.constructor || earlier.length !== into.length) {
    throw new RangeError(
      `reduceLocal: earlier is ${earlier.constructor.name}(${earlier.length}) and into is ${into.constructor.name}(${into.length}); ` +
        "use equal types and lengths",
    );
  }
  if (overlap(earlier, into) && !identical(earlier, into))
    throw new RangeError(
      "reduceLocal: the arrays overlap in part; use the very same array, or another buffer",
    );
  const reason = unsuited(op, into);
  if (reason !== undefined) throw new TypeError(`reduceLocal: ${reason}`);
  combine(op, into, earlier);
  return into;
}
