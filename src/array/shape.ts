/** Product of all lengths; 1 for no axes. */
export function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}

export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

/** Distance in elements between neighbours along each axis of a C-ordered array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** `axis` counted from the front: −1 is the last of `ndim` axes. @throws {RangeError} If there is no such axis. */
export function normalizeAxis(where: string, axis: number, ndim: number): number {
  if (!Number.isInteger(axis) || axis < -ndim || axis >= ndim) {
    throw new RangeError(`${where}: axis ${axis} of an array with ${ndim} axes; use ${-ndim} … ${ndim - 1}`);
  }
  return axis < 0 ? axis + ndim : axis;
}

/** @throws {RangeError} Unless `axes` holds each of the axes 0 … ndim − 1 once. */
export function checkAxes(where: string, axes: readonly number[], ndim: number): void {
  if (
    sameNumbers(
      [...axes].sort((a, b) => a - b),
      Array.from({ length: ndim }, (_, axis) => axis),
    )
  )
    return;
  throw new RangeError(
    `${where}: axes [${axes.join(", ")}] of an array with ${ndim}; name each of them once`,
  );
}

/** An array seen along one axis: `outer` × `length` × `inner`, C order. */
export interface AxisView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** @param axes - More than one: neighbours, from `axis` on, taken as one; none: between two axes. */
export function alongAxis(shape: readonly number[], axis: number, axes = 1): AxisView {
  const [before, along, after] = [
    shape.slice(0, axis),
    shape.slice(axis, axis + axes),
    shape.slice(axis + axes),
  ];
  return { outer: product(before), length: product(along), inner: product(after) };
}

/** @throws {RangeError} If a length is not a non-negative integer. */
export function checkDims(where: string, dims: readonly number[]): void {
  if (dims.length === 0) throw new RangeError(`${where}: an array needs at least one axis; got dims []`);
  for (const length of dims) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(`${where}: length ${length} in dims [${dims.join(", ")}]; use integers from 0 on`);
    }
  }
}
