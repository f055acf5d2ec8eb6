/** Functions of complex numbers, given and returned as real and imaginary parts. */

export type Parts = readonly [re: number, im: number];

/** |re + i im|, by the fast way where its squares neither overflow nor vanish. */
export function modulus(re: number, im: number): number {
  const square = re * re + im * im;
  return square > 1e-290 && square < Infinity ? Math.sqrt(square) : Math.hypot(re, im);
}

/**
 * a / b, by the larger part of the divisor, so that nothing overflows that need not.
 *
 * @see Smith, CACM 5(8), 1962, doi:10.1145/368637.368661
 */
export function quotient(ar: number, ai: number, br: number, bi: number): Parts {
  if (Math.abs(br) >= Math.abs(bi)) {
    const [ratio, scale] = [bi / br, br + bi * (bi / br)];
    return bi === 0 ? [ar / br, ai / br] : [(ar + ai * ratio) / scale, (ai - ar * ratio) / scale];
  }
  const [ratio, scale] = [br / bi, br * (br / bi) + bi];
  return [(ar * ratio + ai) / scale, (ai * ratio - ar) / scale];
}

/** The principal root: its real part is not negative. */
export function squareRoot(re: number, im: number): Parts {
  const length = Math.hypot(re, im);
  if (length === 0) return [0, im];
  const larger = Math.sqrt((length + Math.abs(re)) / 2);
  const smaller = Math.abs(im) / (2 * larger);
  const [a, b] = re >= 0 ? [larger, smaller] : [smaller, larger];
  return [a, im < 0 || Object.is(im, -0) ? -b : b];
}

/** a ** b; whole powers up to 64 by multiplication, others by logarithm and exponential function. */
export function power(ar: number, ai: number, br: number, bi: number): Parts {
  if (bi === 0 && Number.isInteger(br) && Math.abs(br) <= 64) {
    let [re, im] = [1, 0];
    for (let k = 0; k < Math.abs(br); k++) [re, im] = [re * ar - im * ai, re * ai + im * ar];
    return br < 0 ? quotient(1, 0, re, im) : [re, im];
  }
  if (ar === 0 && ai === 0) return br > 0 ? [0, 0] : [NaN, NaN];
  const [logLength, angle] = [Math.log(Math.hypot(ar, ai)), Math.atan2(ai, ar)];
  const [length, turn] = [Math.exp(br * logLength - bi * angle), bi * logLength + br * angle];
  return [length * Math.cos(turn), length * Math.sin(turn)];
}
