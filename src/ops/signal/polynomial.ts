/** Polynomials, and their roots, with more digits than doubles have. */
import {
  add,
  divide,
  fixed,
  type Fixed,
  fromDouble,
  multiply,
  ONE,
  square,
  squareRoot,
  subtract,
} from "./fixed-point.js";

/** 1 / z */
export function reciprocal(z: Fixed): Fixed {
  return divide(ONE, z);
}

/** The polynomial in 1/z with the given roots, lowest power first, beginning with 1: Π (1 − root / z). */
export function fromRoots(roots: readonly Fixed[]): Fixed[] {
  const zero = fixed(0n);
  return roots.reduce<Fixed[]>(
    (before, root) =>
      Array.from({ length: before.length + 1 }, (_, k) =>
        subtract(before[k] ?? zero, multiply(root, before[k - 1] ?? zero)),
      ),
    [ONE],
  );
}

/** All roots of a polynomial of integer coefficients, lowest power first, by the method of Durand and Kerner. */
export function rootsOf(coefficients: readonly bigint[]): Fixed[] {
  const degree = coefficients.length - 1;
  const monic = coefficients.map((c) => divide(fixed(c), fixed(coefficients[degree])));
  const at = (x: Fixed) => monic.reduceRight((sum, c) => add(multiply(sum, x), c), fixed(0n));
  let roots = Array.from({ length: degree }, (_, k) => {
    const angle = (2 * Math.PI * k) / degree + 0.4;
    return fromDouble({ re: 0.7 * Math.cos(angle), im: 0.7 * Math.sin(angle) });
  });
  for (let step = 0; step < 300; step++) {
    let largest = 0n;
    roots = roots.map((x, k) => {
      const others = roots.reduce((total, y, j) => (j === k ? total : multiply(total, subtract(x, y))), ONE);
      const change = divide(at(x), others);
      const size = square(change);
      if (size > largest) largest = size;
      return subtract(x, change);
    });
    if (largest <= ACCURATE) break;
  }
  return roots;
}

/** The square of a change after which roots have the digits that are needed. */
const ACCURATE = square(divide(ONE, fixed(2n ** 120n)));

/** The z inside the unit circle with z + 1/z = 2 − 4 y. */
export function insideCircle(y: Fixed): Fixed {
  const half = subtract(ONE, add(y, y));
  const root = squareRoot(subtract(multiply(half, half), ONE));
  const [z, other] = [add(half, root), subtract(half, root)];
  return square(z) < square(other) ? z : other;
}
