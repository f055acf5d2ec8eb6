/** Arithmetic of single complex numbers: for set-up and small matrices, not for arrays. */
import type { Complex } from "../array/dtype.js";

export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const subtract = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
export const divide = (a: Complex, b: Complex): Complex => {
  const scale = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / scale, im: (a.im * b.re - a.re * b.im) / scale };
};
export const conjugate = ({ re, im }: Complex): Complex => ({ re, im: -im });
/** |z| */
export const modulus = ({ re, im }: Complex): number => Math.hypot(re, im);
/** The root in the right half plane. */
export const squareRoot = (z: Complex): Complex => {
  const size = modulus(z);
  const [re, im] = [Math.sqrt(Math.max(0, (size + z.re) / 2)), Math.sqrt(Math.max(0, (size - z.re) / 2))];
  return { re, im: z.im < 0 ? -im : im };
};
