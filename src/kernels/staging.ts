import { areas, BLOCK, kernels32, kernels64, memory, onHeap, PAGE, type Kernels } from "./memory.js";

/** Real numbers, or the interleaved parts of complex ones. */
export type Reals = Float32Array | Float64Array;
/** What kernels need of a complex number. */
export interface ComplexNumber {
  readonly re: number;
  readonly im: number;
}

/** The kernels for the element size of `x`. */
export function kernelsFor(x: Reals): Kernels {
  return x.BYTES_PER_ELEMENT === 8 ? kernels64 : kernels32;
}

/** Where kernels find `count` numbers of `x` from index `start` on: in place, or copied to staging area 0, 1 or 2. */
export function stage(x: Reals, start: number, count: number, area: number): number {
  if (onHeap(x)) return x.byteOffset + start * x.BYTES_PER_ELEMENT;
  stagingArea(x, area).set(x.subarray(start, start + count));
  return addressOf(area);
}

/** Copies what a kernel left in a staging area to where it belongs. */
export function unstage(z: Reals, start: number, count: number, area: number): void {
  if (!onHeap(z)) z.set(stagingArea(z, area).subarray(0, count), start);
}

/** Address of a staging area: where a result that is not on the heap goes first. */
export function addressOf(area: number): number {
  return areas.staging.start + area * PAGE;
}

/** @throws {TypeError | RangeError} Unless both have the same element type and length. */
export function checkAlike(where: string, x: Reals, y: Reals): void {
  checkTypes(where, x, y);
  if (x.length !== y.length) {
    throw new RangeError(
      `${where}: one array has ${x.length} numbers, the other ${y.length}; give arrays of equal length`,
    );
  }
}

/** @throws {TypeError} Unless both have the same element type. */
export function checkTypes(where: string, x: Reals, y: Reals): void {
  if (x.BYTES_PER_ELEMENT !== y.BYTES_PER_ELEMENT) {
    const names = [x, y].map((array) => `float${8 * array.BYTES_PER_ELEMENT}`);
    throw new TypeError(`${where}: one array is ${names[0]}, the other ${names[1]}; convert one of them`);
  }
}

/** @throws {RangeError} Unless the numbers of `x` pair up to complex elements. */
export function checkComplex(where: string, x: Reals): void {
  if (x.length % 2 !== 0) {
    throw new RangeError(`${where}: ${x.length} numbers do not pair up as (re, im); give an even count`);
  }
}

const stagingAreas = [0, 1, 2].map((area) => ({
  float32: new Float32Array(memory.buffer, addressOf(area), BLOCK),
  float64: new Float64Array(memory.buffer, addressOf(area), BLOCK),
}));

function stagingArea(x: Reals, area: number): Reals {
  return x.BYTES_PER_ELEMENT === 8 ? stagingAreas[area].float64 : stagingAreas[area].float32;
}
