import fc from "fast-check";
import { test } from "tap";
import {
  applyStencil,
  convolution,
  firstDerivative,
  secondDerivative,
  transposeStencil,
  type Reals,
  type Stencil,
  type StencilLayout,
} from "../../src/kernels/index.js";
import { numbers, place, type Placement, type Real } from "./arrays.js";
import { applyMatrix, convolve, matrix } from "./twins.js";

const kinds = ["forward", "backward", "centered"] as const;
/** Every derivative there is, by name. */
const derivatives = (length: number, sampling = 1): [string, Stencil][] => [
  ...kinds.map((kind): [string, Stencil] => [`first ${kind}`, firstDerivative(length, { kind, sampling })]),
  ...kinds.map((kind): [string, Stencil] => [`second ${kind}`, secondDerivative(length, { kind, sampling })]),
  ["first centered, edge", firstDerivative(length, { edge: true, sampling })],
  ["first centered 5", firstDerivative(length, { order: 5, sampling })],
  ["first centered 5, edge", firstDerivative(length, { order: 5, edge: true, sampling })],
  ["second centered, edge", secondDerivative(length, { edge: true, sampling })],
];
const filters: [number[], number][] = [
  [[1, 2, 3], 0],
  [[1, 2, 3], 1],
  [[1, 2, 3], 2],
  [[1, 2], 0],
  [[1, 2], 1],
  [[3], 0],
  [[1, 2, 3, 2, 1], 2],
  [[-1, -2, 0, 2, 1], 1],
  [numbers(41), 20],
  [numbers(40), 39],
];
const convolutions = (length: number): [string, Stencil][] =>
  filters.map(([h, offset]) => [`filter of ${h.length} at ${offset}`, convolution(length, h, offset)]);
const all = (length: number) => [...derivatives(length), ...convolutions(length)];

function apply(
  stencil: Stencil,
  x: ArrayLike<number>,
  layout: StencilLayout = {},
  type: Real = "float64",
  placement: Placement = "heap",
) {
  // prettier-ignore
  const y = place(new Float64Array(x.length).fill(NaN), type, placement);
  return applyStencil(stencil, place(x, type, placement), y, layout);
}

test("derivatives: golden numbers of x = [1, 4, 9, 16, 25, 36], sampling 2", (t) => {
  const golden: Record<string, [number[], number[]]> = {
    "first forward": [[1.5, 2.5, 3.5, 4.5, 5.5, 0], [-0.5, -1.5, -2.5, -3.5, -4.5, 12.5]],
    "first backward": [[0, 1.5, 2.5, 3.5, 4.5, 5.5], [-2, -2.5, -3.5, -4.5, -5.5, 18]],
    "first centered": [[0, 2, 3, 4, 5, 0], [-1, -2.25, -3, -4, 4, 6.25]],
    "first centered, edge": [[1.5, 2, 3, 4, 5, 5.5], [-1.5, -1.75, -3, -4, -14, 24.25]],
    "first centered 5": [[0, 0, 3, 4, 0, 0], [0.375, -7 / 3, -16 / 3, 3, 119 / 24, -2 / 3]],
    "first centered 5, edge": [[1.5, 2, 3, 4, 5, 5.5], [-1.125, -11 / 6, -13 / 3, -3.25, -313 / 24, 283 / 12]],
    "second forward": [[0.5, 0.5, 0.5, 0.5, 0, 0], [0.25, 0.5, 0.5, 0.5, -5.75, 4]],
    "second backward": [[0, 0, 0.5, 0.5, 0.5, 0.5], [2.25, -0.5, 0.5, 0.5, -11.75, 9]],
    "second centered": [[0, 0.5, 0.5, 0.5, 0.5, 0], [1, 0.25, 0.5, 0.5, -8.5, 6.25]],
    "second centered, edge": [[0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [1.25, -0.25, 0.75, 9.5, -26.5, 15.25]],
  }; // prettier-ignore
  const x = [1, 4, 9, 16, 25, 36];
  t.equal(Object.keys(golden).length, derivatives(6).length);
  for (const [name, stencil] of derivatives(6, 2)) {
    const [forward, adjoint] = golden[name];
    t.ok(distance(apply(stencil, x), forward) < 1e-14, name);
    t.ok(distance(apply(transposeStencil(stencil), x), adjoint) < 1e-14, `${name}, adjoint`);
  }
  t.end();
});

test("convolution: golden numbers, and its formula at every length", (t) => {
  const golden: [number[], number, number[], number[]][] = [
    [[1, 2, 3], 0, [1, 4, 10, 16, 22], [14, 20, 26, 14, 5]],
    [[1, 2, 3], 1, [4, 10, 16, 22, 22], [8, 14, 20, 26, 14]],
    [[1, 2, 3], 2, [10, 16, 22, 22, 15], [3, 8, 14, 20, 26]],
    [[1, 2], 0, [1, 4, 7, 10, 13], [5, 8, 11, 14, 5]],
    [[1, 2], 1, [4, 7, 10, 13, 10], [2, 5, 8, 11, 14]],
    [[1, 2, 3, 4], 1, [4, 10, 20, 30, 34], [20, 30, 40, 26, 14]],
  ];
  for (const [h, offset, forward, adjoint] of golden) {
    const stencil = convolution(5, h, offset);
    t.strictSame([...apply(stencil, [1, 2, 3, 4, 5])], forward);
    t.strictSame([...apply(transposeStencil(stencil), [1, 2, 3, 4, 5])], adjoint);
  }
  for (const [h, offset] of filters) {
    for (const n of [0, 1, 2, 3, 10, 40, 41, 42, 100, 550]) {
      const x = numbers(n, 3);
      t.ok(
        distance(apply(convolution(n, h, offset), x), convolve(h, offset, x)) < 1e-13,
        `${h.length}, ${n}`,
      );
    }
  }
  t.end();
});

test("derivatives are exact for polynomials, and zero where the axis is too short", (t) => {
  const n = 20;
  const square = Array.from({ length: n }, (_, i) => (i / 4) ** 2);
  for (const order of [3, 5] as const) {
    const slope = apply(firstDerivative(n, { order, sampling: 1 / 4 }), square).slice(2, n - 2);
    t.ok(distance(slope, square.map((_, i) => i / 2).slice(2, n - 2)) < 1e-12);
  }
  for (const kind of kinds) {
    const curvature = apply(secondDerivative(n, { kind, sampling: 1 / 4 }), square).slice(2, n - 2);
    t.ok(curvature.every((value) => Math.abs(value - 2) < 1e-12));
  }
  for (const [name, stencil] of derivatives(1)) t.strictSame([...apply(stencil, [5])], [0], name);
  t.strictSame([...apply(firstDerivative(2, { edge: true }), [1, 4])], [3, 3]);
  t.strictSame([...apply(firstDerivative(3, { order: 5, edge: true }), [1, 4, 8])], [3, 3.5, 4]);
  t.end();
});

test("transposeStencil: the transposed matrix, at every length", (t) => {
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 45]) {
    for (const [name, stencil] of all(n)) {
      const rows = matrix(stencil);
      const columns = rows.map((_, j) => rows.map((row) => row[j]));
      t.strictSame(matrix(transposeStencil(stencil)), columns, `${name}, ${n} rows`);
    }
  }
  t.end();
});

for (const type of ["float64", "float32"] as const) {
  test(`applyStencil, ${type}: the matrix, along contiguous and other axes, on the heap and with the same bits off it`, (t) => {
    const tolerance = type === "float64" ? 1e-13 : 1e-4;
    for (const n of [1, 2, 3, 4, 5, 7, 16, 23]) {
      for (const [outer, inner] of [
        [1, 1],
        [3, 1],
        [2, 2],
        [2, 5],
        [1, 70],
        [2, 131],
      ]) {
        // prettier-ignore
        const x = place(numbers(outer * n * inner, n), type, "heap");
        for (const [name, forward] of all(n)) {
          for (const stencil of [forward, transposeStencil(forward)]) {
            const y = apply(stencil, x, { outer, inner }, type);
            const error = distance(y, applyMatrix(matrix(stencil), x, outer, inner));
            if (!(error < tolerance)) t.fail(`${name}: [${outer}, ${n}, ${inner}] is wrong by ${error}`);
            if (!same(y, apply(stencil, x, { outer, inner }, type, "ordinary")))
              t.fail(`${name} off the heap`);
          }
        }
      }
    }
    t.end();
  });
}

test("applyStencil: rows that are longer than a cache, or than the staging area", (t) => {
  for (const [n, inner] of [
    [9, 60001],
    [4, 300000],
    [1500, 200],
  ]) {
    // prettier-ignore
    const x = place(numbers(n * inner), "float64", "heap");
    for (const stencil of [secondDerivative(n, { edge: true }), convolution(n, numbers(41), 20)]) {
      const y = apply(stencil, x, { inner });
      t.ok(same(y, apply(stencil, x, { inner }, "float64", "ordinary")));
      for (const column of [0, 1, 4097, inner - 1]) {
        const line = Array.from({ length: n }, (_, i) => x[i * inner + (column % inner)]);
        const expected = apply(stencil, line);
        for (let i = 0; i < n; i++) {
          const error = Math.abs(expected[i] - y[i * inner + (column % inner)]);
          if (error > 1e-12) t.fail(`row ${i}, column ${column}: wrong by ${error}`);
        }
      }
    }
  }
  t.end();
});

test("⟨S x, y⟩ = ⟨x, Sᵀ y⟩ for any filter and any derivative", (t) => {
  const problem = fc.record({
    n: fc.integer({ min: 0, max: 60 }),
    inner: fc.constantFrom(1, 2, 3, 80),
    h: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 }),
    offset: fc.nat(),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(problem, ({ n, inner, h, offset, which }) => {
      const list: Stencil[] = [
        convolution(n, h, offset % h.length),
        ...derivatives(n).map(([, stencil]) => stencil),
      ];
      const stencil = list[which % list.length];
      const [x, y] = [numbers(n * inner, 1), numbers(n * inner, 2)];
      const left = dot(apply(stencil, x, { inner }), y);
      const right = dot(x, apply(transposeStencil(stencil), y, { inner }));
      return Math.abs(left - right) <= 1e-11 * (1 + Math.abs(left));
    }),
    { numRuns: 200 },
  );
  t.end();
});

test("a split axis gives the bits of the whole one, given the halo that the stencil states", (t) => {
  const problem = fc.record({
    n: fc.integer({ min: 1, max: 40 }),
    cuts: fc.array(fc.nat(40), { maxLength: 4 }),
    inner: fc.constantFrom(1, 3, 80),
    outer: fc.constantFrom(1, 2),
    which: fc.nat(),
    transposed: fc.boolean(),
    placement: fc.constantFrom("heap", "ordinary"),
  });
  fc.assert(
    fc.property(problem, ({ n, cuts, inner, outer, which, transposed, placement }) => {
      const list = all(n);
      const chosen = list[which % list.length][1];
      const stencil = transposed ? transposeStencil(chosen) : chosen;
      const x = numbers(outer * n * inner);
      const whole = apply(stencil, x, { outer, inner });
      const edges = [0, ...cuts.map((cut) => Math.min(cut, n)).sort((a, b) => a - b), n];
      return edges.slice(1).every((end, k) => {
        const start = edges[k];
        const rows = end - start;
        const halo = [Math.min(start, stencil.before), Math.min(n - end, stencil.after)] as const;
        const part = box(x, n, inner, start - halo[0], end + halo[1]);
        const y = place(new Float64Array(outer * rows * inner), "float64", placement);
        applyStencil(stencil, place(part, "float64", placement), y, { outer, inner, start, rows, halo });
        return same(y, box(whole, n, inner, start, end));
      });
    }),
    { numRuns: 300 },
  );
  t.end();
});

test("only: computes the rows it names, before a halo is there; accumulate: adds", (t) => {
  const n = 30;
  for (const [outer, inner] of [
    [2, 1],
    [2, 3],
    [1, 90],
  ]) {
    // prettier-ignore
    const x = numbers(outer * n * inner);
    for (const [, stencil] of all(n)) {
      const whole = apply(stencil, x, { outer, inner });
      const middle: [number, number] = [Math.min(stencil.before, n), Math.max(n - stencil.after, 0)];
      for (const placement of ["heap", "ordinary"] as const) {
        const y = place(new Float64Array(x.length).fill(8), "float64", placement);
        const from = place(x, "float64", placement);
        if (middle[0] < middle[1]) applyStencil(stencil, from, y, { outer, inner, only: middle });
        applyStencil(stencil, from, y, { outer, inner, only: [0, middle[0]] });
        const written = box(y, n, inner, Math.min(middle[0], middle[1]), Math.max(...middle));
        if (middle[0] < middle[1] && !same(written, box(whole, n, inner, ...middle))) t.fail("only");
        y.fill(8);
        applyStencil(stencil, from, y, { outer, inner, accumulate: true });
        if (!(distance(y, whole.map((value) => value + 8)) < 1e-13)) t.fail("accumulate"); // prettier-ignore
      }
    }
  }
  t.end();
});

test("plus: stencils along several axes in one pass have the bits of one pass each, also on a part with its halo", (t) => {
  const problem = fc.record({
    dims: fc.array(fc.constantFrom(1, 2, 3, 5, 6, 9, 23, 40), { minLength: 2, maxLength: 3 }),
    between: fc.constantFrom(1, 2),
    inner: fc.constantFrom(1, 2, 7),
    which: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
    transposed: fc.boolean(),
    cut: fc.nat(40),
    type: fc.constantFrom("float64", "float32"),
    placement: fc.constantFrom("heap", "ordinary"),
  });
  fc.assert(
    fc.property(problem, ({ dims, between, inner, which, transposed, cut, type, placement }) => {
      // An array of [2, n, between, m, …, inner], and each of its axes n, m, … as [outer, rows, inner]
      const [n] = dims;
      const rowOf = (k: number) =>
        dims.slice(k + 1).reduce<number>((row, rows) => row * rows * between, inner);
      const axes = dims.map((rows, k) => {
        const list = k === 0 || which[k] % 3 > 0 ? derivatives(rows) : all(rows);
        const stencil = list[which[k] % list.length][1];
        const outer = k === 0 ? 2 : between;
        return {
          stencil: transposed ? transposeStencil(stencil) : stencil,
          outer,
          rows,
          inner: rowOf(k),
          start: 0,
        };
      });
      const x = place(numbers(2 * n * rowOf(0)), type, placement);
      const [{ stencil, outer, inner: row }, ...plus] = axes;
      const whole = place(new Float64Array(x.length), type, "heap");
      let slabs = 1;
      for (const [k, axis] of axes.entries()) {
        slabs *= axis.outer;
        applyStencil(axis.stencil, place(x, type, "heap"), whole, {
          ...axis,
          outer: slabs,
          accumulate: k > 0,
        });
        slabs *= axis.rows;
      }
      const y = applyStencil(stencil, x, place(new Float64Array(x.length), type, placement), {
        outer,
        inner: row,
        plus,
      });
      const start = Math.min(cut, n - 1);
      const before = Math.min(start, stencil.before);
      const rest = place(box(x, n, row, start - before, n), type, placement);
      const part = place(new Float64Array(outer * (n - start) * row), type, placement);
      applyStencil(stencil, rest, part, { outer, inner: row, start, halo: [before, 0], plus });
      return identical(y, whole) && identical(part, box(whole, n, row, start, n));
    }),
    { numRuns: 400 },
  );
  t.end();
});

test("applyStencil refuses what does not fit, naming both numbers", (t) => {
  const stencil = firstDerivative(10, { order: 5 });
  const x = new Float64Array(10);
  t.throws(() => applyStencil(stencil, x, new Float64Array(9)), { name: "RangeError", message: /9.*10/ });
  t.throws(() => applyStencil(stencil, x.subarray(4), new Float64Array(6), { start: 4, rows: 6 }), {
    name: "RangeError",
    message: /need rows 2 to 9 of x, which has 4 to 9; give a halo of \[2, 2\]/,
  });
  t.throws(() => applyStencil(stencil, x, x, { rows: 11 }), RangeError);
  t.throws(() => applyStencil(stencil, x, x, { inner: -1 }), RangeError);
  t.throws(() => applyStencil<Reals>(stencil, x, new Float32Array(10)), TypeError);
  const row = { stencil, outer: 1, rows: 10, inner: 2, start: 0 };
  t.throws(
    () => applyStencil(stencil, new Float64Array(100), new Float64Array(100), { inner: 10, plus: [row] }),
    {
      name: "RangeError",
      message: /plus\[0\] of \[1, 10, 2\] from row 0 of 10 on, within a row of 10 numbers/,
    },
  );
  t.throws(() => convolution(10, [1, 2], 2), { name: "RangeError", message: /offset 2/ });
  t.throws(() => convolution(10, []), RangeError);
  t.throws(() => firstDerivative(10, { sampling: 0 }), RangeError);
  t.throws(() => firstDerivative(-1), RangeError);
  t.throws(() => secondDerivative(10, { kind: "sideways" as "forward" }), { message: /sideways/ });
  t.throws(() => firstDerivative(10, { order: 4 as 3 }), { message: /order 4/ });
  t.end();
});

/** Rows from … to of an array [outer, rows, inner]. */
function box(x: ArrayLike<number>, rows: number, inner: number, from: number, to: number): number[] {
  return Array.from(x).filter((_, e) => {
    const row = Math.floor(e / inner) % rows;
    return row >= from && row < to;
  });
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}

/** Also in the sign of zero. */
function identical(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => Object.is(value, b[i]));
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i])),
    a.length - b.length,
  );
}

function dot(a: Reals | number[], b: Reals | number[]): number {
  return Array.from(a).reduce((total, value, i) => total + value * b[i], 0);
}
