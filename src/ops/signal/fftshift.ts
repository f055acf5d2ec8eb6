import type { BlockVector } from "../../array/blocks.js";
import { normalizeAxis } from "../../array/shape.js";
import { Roll } from "../basic/roll.js";

/**
 * A copy of an array with the zero frequency, or zero time, in the middle of axes: rolled by ⌊n / 2⌋ along each. For use
 * within a transform, the options of {@link FFT} cost less. Collective: one all-to-all for each of the axes that is split.
 *
 * @param axes - Default: all.
 * @returns In the distribution and the dtype of `x`.
 */
export function fftshift<V extends BlockVector<V>>(x: V, axes?: number | readonly number[]): Promise<V> {
  return rolled("fftshift", x, axes, (n) => Math.floor(n / 2));
}

/** The inverse of {@link fftshift}: rolled by −⌊n / 2⌋, which is another shift for odd n. */
export function ifftshift<V extends BlockVector<V>>(x: V, axes?: number | readonly number[]): Promise<V> {
  return rolled("ifftshift", x, axes, (n) => -Math.floor(n / 2));
}

async function rolled<V extends BlockVector<V>>(
  where: string,
  x: V,
  axes: number | readonly number[] = x.space.dims.map((_, axis) => axis),
  shift: (n: number) => number,
): Promise<V> {
  const { dims } = x.space;
  let result = x.like().copyFrom(x);
  for (const given of typeof axes === "number" ? [axes] : axes) {
    const axis = normalizeAxis(where, given, dims.length);
    result = await new Roll(x.space, shift(dims[axis]), { axis, dtype: x.dtype }).matvec(result);
  }
  return result;
}
