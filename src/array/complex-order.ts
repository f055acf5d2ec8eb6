import type { UserOp } from "../comm/types.js";
import type { Fold, Line } from "./folds.js";
import type { Storage } from "./dtype.js";

/**
 * The order of complex numbers, as NumPy has it: by their real parts, and by their imaginary parts where these are equal.
 * A number of which a part is NaN is below no other and above none; as smallest and as largest it wins, the first one of
 * several.
 */
export function isBelow(ar: number, ai: number, br: number, bi: number): boolean {
  return (ar < br && ai === ai && bi === bi) || (ar === br && ai < bi);
}

/** Whether a takes the place of b as the largest number so far (`sign` 1) or the smallest (−1). */
export function outranks(ar: number, ai: number, br: number, bi: number, sign: 1 | -1): boolean {
  if (isNaN(br) || isNaN(bi)) return false;
  if (isNaN(ar) || isNaN(ai)) return true;
  return sign > 0 ? isBelow(br, bi, ar, ai) : isBelow(ar, ai, br, bi);
}

/**
 * The smallest or largest complex number, and where it is: accumulators of a real part, an imaginary part and an index.
 * Of equal ones, and of several NaN, it is the one with the smallest index.
 *
 * @param finish - What is wanted of an accumulator.
 */
export function complexExtreme(which: "min" | "max", finish: Fold["finish"], dtype: Fold["dtype"]): Fold {
  const sign = which === "min" ? -1 : 1;
  const none = [-sign * Infinity, -sign * Infinity, Infinity];
  const put = (totals: Float64Array, at: number, re: number, im: number, index: number) => {
    const [best, bestIm, place] = [totals[at], totals[at + 1], totals[at + 2]];
    const beaten = outranks(best, bestIm, re, im, sign);
    if (!outranks(re, im, best, bestIm, sign) && (beaten || index > place)) return;
    totals[at] = re;
    totals[at + 1] = im;
    totals[at + 2] = index;
  };
  const op: UserOp<Float64Array> = {
    name: `complex ${which}`,
    commute: true,
    combine: (earlier, later) => {
      const totals = earlier.slice();
      for (let at = 0; at < totals.length; at += 3) put(totals, at, later[at], later[at + 1], later[at + 2]);
      return totals;
    },
  };
  return {
    identity: none,
    op,
    take: (x: Storage, line: Line, totals) => {
      let { at, into, index } = line;
      for (let i = 0; i < line.count; i++, at += line.step, into += line.intoStep, index += line.indexStep)
        put(totals, 3 * into, x[at], x[at + 1], index);
    },
    finish,
    dtype,
  };
}
