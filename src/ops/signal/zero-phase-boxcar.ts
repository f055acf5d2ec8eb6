import { LocalArray } from "../../array/local-array.js";
import { alongAxis, normalizeAxis } from "../../array/shape.js";

/**
 * Smooths along one axis with a moving average of `width` samples, forwards and backwards, so that nothing is
 * shifted; in place. Local.
 *
 * Both ends are extended by 3 · `width` samples, mirrored about the end sample in place and value, and the filter
 * starts as if it had seen the first of them for ever: what SciPy's `filtfilt(ones(width) / width, 1, x)` does.
 *
 * @throws {RangeError} If the axis has not more than 3 · `width` samples.
 */
export function zeroPhaseBoxcar(array: LocalArray, width: number, axis = -1): LocalArray {
  const along = normalizeAxis("zeroPhaseBoxcar", axis, array.space.dims.length);
  const { outer, length, inner } = alongAxis(array.space.dims, along);
  const edge = 3 * width;
  if (!Number.isSafeInteger(width) || width < 1 || length <= edge) {
    throw new RangeError(
      `zeroPhaseBoxcar: width ${width} on ${length} samples; the axis needs more than ${edge}`,
    );
  }
  const line = new Float64Array(length + 2 * edge);
  const scratch = new Float64Array(line.length);
  const { local } = array;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (sample: number) => (o * length + sample) * inner + i;
      const [first, last] = [local[at(0)], local[at(length - 1)]];
      for (let k = 0; k < length; k++) line[edge + k] = local[at(k)];
      for (let k = 1; k <= edge; k++) {
        line[edge - k] = 2 * first - local[at(k)];
        line[edge + length - 1 + k] = 2 * last - local[at(length - 1 - k)];
      }
      average(line, scratch, width);
      average(scratch.reverse(), line, width);
      line.reverse();
      for (let k = 0; k < length; k++) local[at(k)] = line[edge + k];
    }
  }
  return array;
}

/** Mean of the last `width` samples, as if the first one had been there for ever. */
function average(x: Float64Array, y: Float64Array, width: number): void {
  for (let i = 0; i < x.length; i++) {
    let sum = 0;
    for (let k = i - width + 1; k <= i; k++) sum += x[Math.max(k, 0)];
    y[i] = sum / width;
  }
}
