import { test } from "tap";
import * as kernels from "../../src/kernels/index.js";
import type { ComplexNumber, Reals } from "../../src/kernels/index.js";
import { numbers, place, type Placement } from "./arrays.js";
import { each, eachComplex, plus, sum, times } from "./twins.js";

const types = ["float32", "float64"] as const;
const lengths = [0, 2, 4, 6, 14, 16, 18, 62, 64, 66, 1000, 8192, 8194, 20000]; // even: they also do for complex
const odd = [1, 3, 5, 7, 9, 15, 17, 33, 999, 8191, 8193];
const alpha = 0.3;
const beta = { re: 0.3, im: -1.7 };
const tau = 0.4;

type Kernel = (x: Reals, y: Reals, z: Reals) => Reals;
type Twin = (x: Reals, y: Reals) => Reals;

const real: Record<string, readonly [Kernel, Twin]> = {
  axpy: [
    (x, y) => kernels.axpy(alpha, x, y),
    (x, y) => each(x, y, (x, y, round) => y + round(round(alpha) * x)),
  ],
  xpay: [
    (x, y) => kernels.xpay(alpha, x, y),
    (x, y) => each(x, y, (x, y, round) => x + round(round(alpha) * y)),
  ],
  scale: [(x, _, z) => kernels.scale(alpha, x, z), (x, y) => each(x, y, (x, _, round) => round(alpha) * x)],
  multiply: [(x, y, z) => kernels.multiply(x, y, z), (x, y) => each(x, y, (x, y) => x * y)],
  add: [(x, y, z) => kernels.add(x, y, z), (x, y) => each(x, y, (x, y) => x + y)],
  subtract: [(x, y, z) => kernels.subtract(x, y, z), (x, y) => each(x, y, (x, y) => x - y)],
  fill: [(_, __, z) => kernels.fill(alpha, z), (x, y) => each(x, y, () => alpha)],
  copy: [(x, _, z) => kernels.copy(x, z), (x, y) => each(x, y, (x) => x)],
  softThreshold: [
    (x, _, z) => kernels.softThreshold(tau, x, z),
    (x, y) =>
      each(x, y, (x, _, round) => (Math.abs(x) > round(tau) ? Math.sign(x) * (Math.abs(x) - round(tau)) : 0)),
  ],
};

const scalar = (x: ComplexNumber, round: (value: number) => number) => ({ re: round(x.re), im: round(x.im) });
const complex: Record<string, readonly [Kernel, Twin]> = {
  complexAxpy: [
    (x, y) => kernels.complexAxpy(beta, x, y),
    (x, y) => eachComplex(x, y, (x, y, round) => plus(y, times(scalar(beta, round), x, round), round)),
  ],
  complexXpay: [
    (x, y) => kernels.complexXpay(beta, x, y),
    (x, y) => eachComplex(x, y, (x, y, round) => plus(x, times(scalar(beta, round), y, round), round)),
  ],
  complexScale: [
    (x, _, z) => kernels.complexScale(beta, x, z),
    (x, y) => eachComplex(x, y, (x, _, round) => times(scalar(beta, round), x, round)),
  ],
  complexFill: [(_, __, z) => kernels.complexFill(beta, z), (x, y) => eachComplex(x, y, () => beta)],
  complexMultiply: [
    (x, y, z) => kernels.complexMultiply(x, y, z),
    (x, y) => eachComplex(x, y, (x, y, round) => times(x, y, round)),
  ],
  conjugateMultiply: [
    (x, y, z) => kernels.conjugateMultiply(x, y, z),
    (x, y) => eachComplex(x, y, (x, y, round) => times({ re: x.re, im: -x.im }, y, round)),
  ],
  conjugate: [
    (x, _, z) => kernels.conjugate(x, z),
    (x, y) => eachComplex(x, y, (x) => ({ re: x.re, im: -x.im })),
  ],
  complexSoftThreshold: [
    (x, _, z) => kernels.complexSoftThreshold(tau, x, z),
    (x, y) =>
      eachComplex(x, y, (x, _, round) => {
        const size = round(Math.sqrt(round(round(x.re * x.re) + round(x.im * x.im))));
        const factor = round(Math.max(round(size - round(tau)), 0) / size);
        return { re: round(x.re * factor), im: round(x.im * factor) };
      }),
  ],
};

for (const type of types) {
  for (const [family, list] of Object.entries({ real, complex })) {
    for (const [name, [kernel, twin]] of Object.entries(list)) {
      test(`${name}, ${type}: the bits of its twin, at every length and alignment, on the heap and off it`, (t) => {
        for (const n of family === "real" ? [...lengths, ...odd] : lengths) {
          const [a, b] = [numbers(n, 1), numbers(n, 2)];
          const placements: [Placement, Placement, number][] = [
            ["heap", "heap", 0],
            ["heap", "heap", 1],
            ["ordinary", "ordinary", 1],
            ["heap", "ordinary", 0],
            ["ordinary", "heap", 3],
          ];
          for (const [xPlacement, yPlacement, shift] of placements) {
            const x = place(a, type, xPlacement, shift);
            const y = place(b, type, yPlacement, 0);
            const expected = twin(x, y);
            const z = place(numbers(n, 3), type, yPlacement, shift);
            if (!sameNumbers(kernel(x, y, z), expected)) t.fail(`${n} numbers, ${xPlacement}, ${yPlacement}`);
            if (!sameNumbers(x, place(a, type, "ordinary"))) t.fail(`${n} numbers: x has changed`);
          }
        }
        t.end();
      });
    }
  }

  test(`elementwise kernels in place, ${type}: as into a third array`, (t) => {
    for (const placement of ["heap", "ordinary"] as const) {
      const x = place(numbers(9001), type, placement);
      const y = place(numbers(9001, 2), type, placement);
      const [product, difference] = [each(x, y, (x, y) => x * y), each(x, y, (x, y) => x - y)];
      t.ok(sameNumbers(kernels.multiply(x, y), product));
      y.set(numbers(9001, 2));
      t.ok(sameNumbers(kernels.subtract(x, y, x), difference));
      const eightfold = each(y, y, (y) => 8 * y);
      t.ok(sameNumbers(kernels.scale(4, kernels.add(y, y)), eightfold));
    }
    t.end();
  });

  test(`reductions, ${type}: equal to compensated sums, with the same bits wherever the numbers are`, (t) => {
    for (const n of [...lengths, ...odd]) {
      const [a, b] = [numbers(n, 4), numbers(n, 5)].map((values) =>
        values.map((v) => (Math.abs(v) < 0.1 ? 0 : v)),
      );
      const x = place(a, type, "heap");
      const y = place(b, type, "heap");
      const elements = (n % 2 === 0 ? [...x] : []).flatMap((re, i) => (i % 2 ? [] : [{ re, im: x[i + 1] }]));
      const moduli = elements.map(({ re, im }) => Math.sqrt(re * re + im * im));
      const product = (i: number, j: number) => sum(elements.map((_, e) => x[2 * e + i] * y[2 * e + j]));
      const even = n % 2 === 0;
      const cases: [(x: Reals, y: Reals) => number, number][] = [
        [(x, y) => kernels.dot(x, y), sum(Array.from(x, (v, i) => v * y[i]))],
        [(x) => kernels.dot(x, x), sum(Array.from(x, (v) => v * v))],
        [(x) => kernels.absSum(x), sum(Array.from(x, Math.abs))],
        [(x) => kernels.absMax(x), Math.max(0, ...Array.from(x, Math.abs))],
        [(x) => kernels.countNonZeros(x), Array.from(x).filter((v) => v !== 0).length],
      ];
      if (even) {
        cases.push(
          [(x, y) => kernels.complexDot(x, y).re, product(0, 0) - product(1, 1)],
          [(x, y) => kernels.complexDot(x, y).im, product(0, 1) + product(1, 0)],
          [(x, y) => kernels.complexVdot(x, y).re, product(0, 0) + product(1, 1)],
          [(x, y) => kernels.complexVdot(x, y).im, product(0, 1) - product(1, 0)],
          [(x) => kernels.complexAbsSum(x), sum(moduli)],
          [(x) => kernels.complexAbsMax(x), Math.max(0, ...moduli)],
          [(x) => kernels.complexCountNonZeros(x), moduli.filter((v) => v !== 0).length],
        );
      }
      for (const [k, [kernel, expected]] of cases.entries()) {
        const value = kernel(x, y);
        if (Math.abs(value - expected) > 4e-15 * n)
          t.fail(`case ${k}, ${n} numbers: ${value}, not ${expected}`);
        for (const [xPlacement, yPlacement, shift] of [
          ["ordinary", "heap", 1],
          ["heap", "ordinary", 3],
        ] as const) {
          // prettier-ignore
          const other = kernel(place(a, type, xPlacement, shift), place(b, type, yPlacement, shift));
          if (!Object.is(value, other))
            t.fail(`case ${k}, ${n} numbers, ${xPlacement}: ${other}, not ${value}`);
        }
      }
    }
    t.end();
  });

  test(`sums, ${type}: of more numbers than a group of blocks has, the same bits on the heap and off it`, (t) => {
    const a = numbers(2 ** 20 + 2 ** 18 + 12_345, 8);
    const [x, y] = (["heap", "ordinary"] as const).map((placement) => place(a, type, placement, 1));
    const squares = sum(Array.from(x, (v) => v * v));
    t.ok(Math.abs(kernels.dot(x, x) - squares) < 1e-15 * a.length, "squares");
    t.equal(kernels.dot(y, y), kernels.dot(x, x), "squares, off the heap");
    t.ok(Math.abs(kernels.dot(x, y) - squares) < 1e-15 * a.length, "a dot product");
    t.equal(kernels.dot(y.slice(), y), kernels.dot(x.slice(), x), "a dot product, off the heap");
    t.equal(kernels.absSum(y), kernels.absSum(x), "absolute values");
    t.end();
  });

  test(`axpyNorm, ${type}: axpy and the sum of squares of what it wrote`, (t) => {
    for (const n of [...lengths, ...odd]) {
      const sums = (["heap", "ordinary"] as const).map((placement) => {
        const x = place(numbers(n, 6), type, placement, 1);
        const y = place(numbers(n, 7), type, placement);
        const expected = each(x, y, (x, y, round) => y + round(round(alpha) * x));
        const square = kernels.axpyNorm(alpha, x, y);
        if (!sameNumbers(y, expected)) t.fail(`${n} numbers: y`);
        if (Math.abs(square - sum(Array.from(y, (v) => v * v))) > 1e-14 * n)
          t.fail(`${n} numbers: ${square}`);
        return square;
      });
      t.ok(Object.is(sums[0], sums[1]));
    }
    t.end();
  });
}

test("softThreshold: golden numbers, and NaN stays NaN", (t) => {
  const x = Float64Array.of(-2, -1, -0.5, 0, 0.3, 0.9, 1.5, 3, NaN, -Infinity);
  t.strictSame([...kernels.softThreshold(0.5, x)], [-1.5, -0.5, 0, 0, 0, 0.4, 1, 2.5, NaN, -Infinity]);
  t.strictSame([...kernels.complexSoftThreshold(5, Float64Array.of(6, 8, 3, 4, 0, 0))], [3, 4, 0, 0, 0, 0]);
  t.strictSame([...kernels.complexSoftThreshold(0, Float32Array.of(0, 0, 3, 4))], [0, 0, 3, 4]);
  t.end();
});

test("reductions: NaN shows in every one of them", (t) => {
  for (const n of [1, 2, 17, 9000]) {
    const x = place(numbers(n), "float64", "heap");
    x[n - 1] = NaN;
    t.ok([kernels.dot(x, x), kernels.absSum(x), kernels.absMax(x)].every(Number.isNaN));
  }
  t.end();
});

test("PairwiseSum: as exact as the number of levels allows", (t) => {
  const total = new kernels.PairwiseSum();
  t.equal(total.total, 0);
  for (let i = 0; i < 1e5; i++) total.add(0.1);
  t.ok(Math.abs(total.total - 1e4) < 1e-10); // one after the other: 2e-8
  t.end();
});

test("kernels refuse arrays that do not go together", (t) => {
  const x = new Float64Array(4);
  t.throws(() => kernels.axpy(1, x, new Float64Array(3)), { name: "RangeError", message: /4 numbers.*3/ });
  t.throws(() => kernels.dot(x, new Float32Array(4)), { name: "TypeError", message: /float64.*float32/ });
  t.throws(() => kernels.complexScale(beta, new Float64Array(3)), { name: "RangeError" });
  t.throws(() => kernels.softThreshold(-1, x), { name: "RangeError" });
  t.end();
});

/** Equal as numbers; NaN equals NaN, and zeros of both signs are one. */
function sameNumbers(actual: Reals, expected: Reals): boolean {
  const same = (a: number, b: number) => a === b || (Number.isNaN(a) && Number.isNaN(b));
  return actual.length === expected.length && actual.every((value, i) => same(value, expected[i]));
}
