/** Filters that are symmetric about their middle, as polynomials in cos(ω/2) and y = sin²(ω/2). */

/** cos²(ω/2) and sin²(ω/2) as filters. */
const COS2 = [0.25, 0.5, 0.25];
const SIN2 = [-0.25, 0.5, -0.25];

export function convolve(a: readonly number[], b: readonly number[]): number[] {
  const c = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => b.forEach((y, j) => (c[i + j] += x * y)));
  return c;
}

/** cosⁿ(ω/2) · sin²ᵐ(ω/2) · Σ cₖ yᵏ as a filter; of even length if n is odd. */
export function symmetricFilter(n: number, m: number, coefficients: readonly number[]): number[] {
  let front = n % 2 === 0 ? [1] : [0.5, 0.5];
  for (let k = 0; k < Math.floor(n / 2); k++) front = convolve(front, COS2);
  for (let k = 0; k < m; k++) front = convolve(front, SIN2);
  let sum: number[] = [0];
  for (const c of coefficients.toReversed()) {
    sum = convolve(sum, SIN2); // Horner's rule
    sum[(sum.length - 1) / 2] += c;
  }
  return convolve(front, sum.slice(1, -1));
}
