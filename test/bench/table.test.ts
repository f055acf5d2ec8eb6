import { test } from "tap";
import { findBenchmark } from "../../bench/catalogue.js";
import type { Cell, Row } from "../../bench/measure.js";
import { median } from "../../bench/measure.js";
import { reportSvg } from "../../bench/plot.js";
import { quick } from "../../bench/effort.js";
import { overlap, table } from "../../bench/table.js";

const cell = (micro: number, ratio = 1, more: Partial<Cell> = {}): Cell => {
  const seconds = micro / 1e6;
  return { seconds, min: seconds / 2, max: seconds * 2, ratio, samples: [seconds], errors: 0, ...more };
};
const row = (benchmark: string, bytes: number, ...cells: (Cell | undefined)[]): Row => ({
  benchmark,
  ranks: 2,
  bytes,
  cells,
});

test("a latency table has a line for each size, with the spread of the first side and ratios of the others", async (t) => {
  const rows = [row("latency", 8, cell(1.5), cell(0.5, 3)), row("latency", 1048576, cell(100), undefined)];
  t.equal(
    table(findBenchmark("latency"), rows, ["tsmpi", "Open MPI"]),
    [
      "# latency, 2 ranks: half a round trip between two ranks",
      "# bytes  tsmpi µs    min     max  Open MPI µs  ratio",
      "8            1.50   0.75    3.00         0.50   3.00",
      "1048576    100.00  50.00  200.00",
    ].join("\n"),
  );
});

test("bandwidths are 10⁶ bytes per second, and the fastest batch is the most", async (t) => {
  t.match(
    table(findBenchmark("bw"), [row("bw", 1000, cell(1))], ["tsmpi"]),
    /MB\/s +min +max +messages\/s\n1000 +1000\.00 +500\.00 +2000\.00 +1000000/,
  );
});

test("a barrier has no sizes, and a benchmark without spread no empty columns", async (t) => {
  t.match(table(findBenchmark("barrier"), [row("barrier", 0, cell(5))], ["tsmpi"]), /\ntsmpi µs +min +max\n/);
});

test("overlap is what the computation hid of the communication", async (t) => {
  const measured = (total: number) => cell(total, 1, { computeSeconds: 10e-6, pureSeconds: 10e-6 });
  t.strictSame([10, 15, 20, 25, 9].map((total) => Math.round(overlap(measured(total)))), [100, 50, 0, 0, 100]); // prettier-ignore
});

test("the median of an even number of values is between the middle two", async (t) => {
  t.strictSame([median([3, 1, 2]), median([4, 1, 3, 2])], [2, 2.5]);
});

test("a picture has a panel for each table with sizes, one for all ranks of those without, a curve for each side", async (t) => {
  const sides = ["tsmpi", "Open MPI"].map((name) => ({ name, about: name }));
  const sized = [8, 64].map((bytes) => row("latency", bytes, cell(bytes), cell(bytes / 2)));
  const barriers = [2, 4].map((ranks) => ({ ...row("barrier", 0, cell(ranks), undefined), ranks }));
  const svg = reportSvg({
    ...{ date: "", processor: "two cores", node: "v20", effort: quick, sides, missing: [], failures: [] },
    tables: [
      { name: "latency", title: "", rows: sized },
      ...barriers.map((each) => ({ name: "barrier", title: "", rows: [each] })),
    ],
  });
  const count = (text: string) => svg.split(text).length - 1;
  t.strictSame([count(">latency, 2 ranks<"), count(">barrier<")], [1, 1]);
  t.equal(count("<circle"), 2 * 2 + 2);
  t.match(svg, />Open MPI</);
  t.notMatch(svg, /NaN|undefined|Infinity/);
});
