import { test } from "tap";
import { allocate, scanRows } from "../../src/kernels/index.js";
import { numbers, place } from "./arrays.js";
import { rounding } from "./twins.js";

for (const type of ["float32", "float64"] as const) {
  test(`scanRows, ${type}: the bits of its definition, from either end, with and without an output`, (t) => {
    for (const line of [1, 2, 3, 5, 8, 31, 70]) {
      for (const [rows, direction] of [
        [1, 1],
        [4, 1],
        [5, -1],
      ]) {
        const [into, weight, share] = [0.75, 3, 0.5];
        const x = place(numbers(line * rows), type, "heap");
        const y = place(new Float64Array(line * rows), type, "heap");
        const round = rounding(x);
        const from = direction > 0 ? 0 : (rows - 1) * line;
        const layout = {
          from,
          to: from,
          stride: direction * line,
          rows,
          line,
          into,
          weight,
          share,
          sumsFrom: 3,
        };
        for (const output of [y, undefined]) {
          const sums = allocate("float64", line + 3).fill(2);
          const expected = Float64Array.from(sums);
          t.ok(scanRows(x, output, sums, layout));
          for (let k = 0, at = from; k < rows; k++, at += direction * line) {
            for (let i = 0; i < line; i++) {
              expected[3 + i] += into * x[at + i];
              const value = round(weight * (expected[3 + i] - share * x[at + i]));
              if (output && output[at + i] !== value) t.fail(`line ${line}: row ${k}, number ${i}`);
            }
          }
          t.ok(
            sums.every((value, i) => value === expected[i]),
            `sums of ${rows} rows of ${line}`,
          );
        }
      }
    }
    t.end();
  });
}

test("scanRows does nothing to arrays that are not on the heap", (t) => {
  const layout = { from: 0, to: 0, stride: 2, rows: 1, line: 2, into: 1, weight: 1, share: 0, sumsFrom: 0 };
  const sums = allocate("float64", 2);
  t.equal(scanRows(Float64Array.of(1, 2), undefined, sums, layout), false);
  t.equal(scanRows(sums.slice(), Float64Array.of(1, 2), sums, layout), false);
  t.strictSame([...sums], [0, 0]);
  t.end();
});
