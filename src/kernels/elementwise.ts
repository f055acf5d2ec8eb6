/**
 * Elementwise kernels: one pass over memory each, in place where that is natural. All are local, take arrays on the
 * heap and off it (those are staged, with the same bits as result), and return the array they wrote. Arrays that a
 * call reads and writes are either the same or do not overlap.
 */
import { BLOCK, copy as copyBytes, onHeap, type ElementwiseName } from "./memory.js";
import {
  addressOf,
  checkAlike,
  checkComplex,
  kernelsFor,
  stage,
  unstage,
  type ComplexNumber,
  type Reals,
} from "./staging.js";

/** y ← y + α x */
export function axpy<V extends Reals>(alpha: number, x: V, y: V): V {
  return run("axpy", alpha, 0, x, y, y);
}

/** y ← x + α y */
export function xpay<V extends Reals>(alpha: number, x: V, y: V): V {
  return run("xpay", alpha, 0, x, y, y);
}

/** z ← α x */
export function scale<V extends Reals>(alpha: number, x: V, z = x): V {
  return run("scale", alpha, 0, x, x, z);
}

/** z ← x y */
export function multiply<V extends Reals>(x: V, y: V, z = y): V {
  return run("multiply", 0, 0, x, y, z);
}

/** z ← x + y */
export function add<V extends Reals>(x: V, y: V, z = y): V {
  return run("add", 0, 0, x, y, z);
}

/** z ← x − y */
export function subtract<V extends Reals>(x: V, y: V, z = y): V {
  return run("subtract", 0, 0, x, y, z);
}

/** z ← value */
export function fill<V extends Reals>(value: number, z: V): V {
  return run("fill", value, 0, z, z, z);
}

/** z ← x, which may overlap z */
export function copy<V extends Reals>(x: V, z: V): V {
  checkAlike("copy", x, z);
  if (onHeap(x) && onHeap(z)) copyBytes(x.byteOffset, z.byteOffset, x.byteLength);
  else z.set(x);
  return z;
}

/** z ← sign(x) max(|x| − τ, 0): the proximal map of τ ‖x‖₁, τ ≥ 0 */
export function softThreshold<V extends Reals>(tau: number, x: V, z = x): V {
  checkThreshold("softThreshold", tau);
  return run("softThreshold", tau, 0, x, x, z);
}

/** y ← y + α x, complex */
export function complexAxpy<V extends Reals>(alpha: ComplexNumber, x: V, y: V): V {
  return runComplex("complexAxpy", alpha.re, alpha.im, x, y, y);
}

/** y ← x + α y, complex */
export function complexXpay<V extends Reals>(alpha: ComplexNumber, x: V, y: V): V {
  return runComplex("complexXpay", alpha.re, alpha.im, x, y, y);
}

/** z ← α x, complex */
export function complexScale<V extends Reals>(alpha: ComplexNumber, x: V, z = x): V {
  return runComplex("complexScale", alpha.re, alpha.im, x, x, z);
}

/** z ← value, complex */
export function complexFill<V extends Reals>(value: ComplexNumber, z: V): V {
  return runComplex("complexFill", value.re, value.im, z, z, z);
}

/** z ← x y, complex */
export function complexMultiply<V extends Reals>(x: V, y: V, z = y): V {
  return runComplex("complexMultiply", -1, 0, x, y, z);
}

/** z ← conj(x) y */
export function conjugateMultiply<V extends Reals>(x: V, y: V, z = y): V {
  return runComplex("complexMultiply", 1, 0, x, y, z);
}

/** z ← conj(x) */
export function conjugate<V extends Reals>(x: V, z = x): V {
  return runComplex("conjugate", 1, 0, x, x, z);
}

/** z ← x max(|x| − τ, 0) / |x|, complex, τ ≥ 0 */
export function complexSoftThreshold<V extends Reals>(tau: number, x: V, z = x): V {
  checkThreshold("complexSoftThreshold", tau);
  return runComplex("complexSoftThreshold", tau, 0, x, x, z);
}

function run<V extends Reals>(name: ElementwiseName, re: number, im: number, x: V, y: V, z: V): V {
  if (x !== z) checkAlike(name, x, z);
  if (y !== z) checkAlike(name, y, z);
  const kernel = kernelsFor(z)[name];
  const n = z.length;
  if (onHeap(z) && (x === z || onHeap(x)) && (y === z || onHeap(y))) {
    kernel(re, im, x.byteOffset, y.byteOffset, z.byteOffset, n);
    return z;
  }
  for (let start = 0; start < n; start += BLOCK) {
    const count = Math.min(BLOCK, n - start);
    const xAt = stage(x, start, count, 0);
    const yAt = y === x ? xAt : stage(y, start, count, 1);
    const zAt = onHeap(z) ? stage(z, start, count, 2) : addressOf(2);
    kernel(re, im, xAt, yAt, zAt, count);
    unstage(z, start, count, 2);
  }
  return z;
}

function runComplex<V extends Reals>(name: ElementwiseName, re: number, im: number, x: V, y: V, z: V): V {
  checkComplex(name, z);
  return run(name, re, im, x, y, z);
}

function checkThreshold(where: string, tau: number): void {
  if (!(tau >= 0)) throw new RangeError(`${where}: the threshold is ${tau}; give a number of 0 or more`);
}
