/**
 * The scaling filter of Daubechies' wavelet with `moments` vanishing moments: 2 · `moments` samples, whose sum is √2, and
 * which are orthogonal to themselves shifted by two. The roots inside the unit circle make it, so its energy comes
 * early; 1 is the Haar wavelet.
 *
 * @throws {RangeError} If `moments` is not an integer from 1 to 12; beyond, the roots lose too many digits.
 * @see Daubechies, Ten Lectures on Wavelets, SIAM 1992, chapter 6, doi:10.1137/1.9781611970104
 */
export function daubechies(moments: number): Float64Array {
  if (!Number.isInteger(moments) || moments < 1 || moments > 12)
    throw new RangeError(`daubechies: ${moments} vanishing moments; use an integer from 1 to 12`);
  // |m(ω)|² = cos²ᵖ(ω/2) P(sin²(ω/2)), P(y) = Σ C(p − 1 + k, k) yᵏ. With y = (2 − z − 1/z) / 4 each root of P is a pair
  // z, 1/z; the filter takes the one inside the unit circle.
  const powers: number[] = [1];
  for (let k = 1; k < moments; k++) powers.push((powers[k - 1] * (moments - 1 + k)) / k);
  let filter: Complex[] = [{ re: 1, im: 0 }];
  for (let k = 0; k < moments; k++) filter = times(filter, { re: -1, im: 0 });
  for (const y of rootsOf(powers)) filter = times(filter, inside(y));
  const sum = filter.reduce((total, { re }) => total + re, 0);
  return Float64Array.from(filter, ({ re }) => (re * Math.SQRT2) / sum);
}

interface Complex {
  readonly re: number;
  readonly im: number;
}

const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const subtract = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const divide = (a: Complex, b: Complex): Complex => {
  const scale = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / scale, im: (a.im * b.re - a.re * b.im) / scale };
};

/** A polynomial in 1/z, times 1 − root / z. */
function times(polynomial: readonly Complex[], root: Complex): Complex[] {
  const zero = { re: 0, im: 0 };
  return Array.from({ length: polynomial.length + 1 }, (_, k) =>
    subtract(polynomial[k] ?? zero, multiply(root, polynomial[k - 1] ?? zero)),
  );
}

/** The z inside the unit circle with z + 1/z = 2 − 4 y. */
function inside(y: Complex): Complex {
  const half = { re: 1 - 2 * y.re, im: -2 * y.im };
  const root = squareRoot(subtract(multiply(half, half), { re: 1, im: 0 }));
  const [z, other] = [add(half, root), subtract(half, root)];
  return Math.hypot(z.re, z.im) < Math.hypot(other.re, other.im) ? z : divide({ re: 1, im: 0 }, z);
}

function squareRoot({ re, im }: Complex): Complex {
  const size = Math.hypot(re, im);
  return { re: Math.sqrt((size + re) / 2), im: Math.sign(im || 1) * Math.sqrt((size - re) / 2) };
}

/** All roots of a polynomial of real coefficients, lowest first, by the method of Durand and Kerner. */
function rootsOf(coefficients: readonly number[]): Complex[] {
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
  for (let step = 0; step < 200; step++) {
    roots = roots.map((x, k) => {
      const others = roots.reduce((total, y, j) => (j === k ? total : multiply(total, subtract(x, y))), { re: 1, im: 0 }); // prettier-ignore
      return subtract(x, divide(at(x), others));
    });
  }
  return roots;
}
