/** Polynomials of complex coefficients, and their roots. */
import type { Complex } from "../../array/dtype.js";
import { add, divide, modulus, multiply, squareRoot, subtract } from "../complex.js";

const ONE: Complex = { re: 1, im: 0 };

/** 1 / z */
export function reciprocal(z: Complex): Complex {
  return divide(ONE, z);
}

/** The polynomial in 1/z with the given roots, lowest power first, beginning with 1: Π (1 − root / z). */
export function fromRoots(roots: readonly Complex[]): Complex[] {
  let polynomial = [ONE];
  for (const root of roots) {
    const zero = { re: 0, im: 0 };
    const before = polynomial;
    polynomial = Array.from({ length: before.length + 1 }, (_, k) =>
      subtract(before[k] ?? zero, multiply(root, before[k - 1] ?? zero)),
    );
  }
  return polynomial;
}

/** All roots of a polynomial of real coefficients, lowest power first, by the method of Durand and Kerner. */
export function rootsOf(coefficients: readonly number[]): Complex[] {
  const degree = coefficients.length - 1;
  const leading = coefficients[degree];
  const at = (x: Complex): Complex =>
    coefficients.reduceRight<Complex>((sum, c) => add(multiply(sum, x), { re: c / leading, im: 0 }), {
      re: 0,
      im: 0,
    });
  let roots = Array.from({ length: degree }, (_, k) => {
    const angle = (2 * Math.PI * k) / degree + 0.4;
    return { re: 0.7 * Math.cos(angle), im: 0.7 * Math.sin(angle) };
  });
  for (let step = 0; step < 300; step++) {
    roots = roots.map((x, k) => {
      const others = roots.reduce((total, y, j) => (j === k ? total : multiply(total, subtract(x, y))), ONE);
      return subtract(x, divide(at(x), others));
    });
  }
  return roots;
}

/** The z inside the unit circle with z + 1/z = 2 − 4 y. */
export function insideCircle(y: Complex): Complex {
  const half = { re: 1 - 2 * y.re, im: -2 * y.im };
  const root = squareRoot(subtract(multiply(half, half), ONE));
  const [z, other] = [add(half, root), subtract(half, root)];
  return modulus(z) < modulus(other) ? z : reciprocal(z);
}
