import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { test } from "tap";
import { logTicks } from "../../src/plot/axes.js";
import { curveSvg } from "../../src/plot/curve.js";
import { panelsSvg } from "../../src/plot/panels.js";
import type { Quantity, SectionPanel } from "../../src/plot/panels.js";
import { plotCurve, plotPanels } from "../../src/plot/plot.js";
import { rasterUri } from "../../src/plot/raster.js";
import { saveFigure } from "../../src/plot/save.js";

const occurrences = (text: string, part: string) => text.split(part).length - 1;
const quantity: Quantity = { label: "amplitude (mm)", palette: "viridis", range: [0, 6] };
const section = (title: string, shown = quantity): SectionPanel => ({
  title,
  raster: { rows: 3, columns: 4, at: (row, column) => row * column },
  quantity: shown,
  x: { label: "distance (km)", first: 0, last: 3 },
  y: { label: "time (s)", first: 0, last: 2 },
});

test("raster: one pixel per number, rows downward, clamped to the range, NaN in grey", async (t) => {
  const rows = [[0, 1, -9], [0.5, 9, NaN]]; // prettier-ignore
  const uri = rasterUri({ rows: 2, columns: 3, at: (row, column) => rows[row][column] }, [0, 1], "red-blue");
  const { width, height, data } = decode(Buffer.from(uri.replace("data:image/png;base64,", ""), "base64"));
  t.strictSame([width, height], [3, 2]);
  const pixel = (row: number, column: number) => Array.from(data.slice(3 * (3 * row + column), 3 * (3 * row + column) + 3)); // prettier-ignore
  t.strictSame(pixel(0, 0), pixel(0, 2), "below the range as at its low end");
  t.strictSame(pixel(0, 1), pixel(1, 1), "above the range as at its high end");
  t.ok(pixel(0, 1)[0] > pixel(0, 1)[2] && pixel(0, 0)[2] > pixel(0, 0)[0], "red is positive, blue negative");
  t.ok(Math.min(...pixel(1, 0)) > 230, "zero is nearly white");
  t.strictSame(pixel(1, 2), [200, 200, 200]);
});

test("panels: titles and axes are written, a quantity shown twice in a row has one colour bar", async (t) => {
  const svg = panelsSvg({
    title: "A < B & C",
    subtitle: "four",
    rows: [[section("left"), section("right")]],
  });
  for (const text of ["A &lt; B &amp; C", "four", "left", "right"])
    t.equal(occurrences(svg, `>${text}<`), 1, text);
  t.equal(occurrences(svg, ">distance (km)<"), 2, "under each panel");
  t.equal(occurrences(svg, ">time (s)<"), 1, "left of the row");
  t.equal(occurrences(svg, ">amplitude (mm)<"), 1);
  t.equal(occurrences(svg, "<image"), 3);
  t.notMatch(svg, /NaN|undefined/);
  const other = { ...quantity };
  const two = panelsSvg({ title: "", rows: [[section("left"), section("right", other)]] });
  t.equal(occurrences(two, ">amplitude (mm)<"), 2);
});

test("panels: a colour bar has a pointed end where numbers lie beyond it", async (t) => {
  const pointed = (range: [number, number]) =>
    occurrences(panelsSvg({ title: "", rows: [[section("x", { ...quantity, range })]] }), "<path");
  t.strictSame([pointed([0, 6]), pointed([1, 6]), pointed([0, 5]), pointed([1, 5])], [0, 1, 1, 2]);
});

test("curve: a point per iteration, none for what a logarithm cannot show", async (t) => {
  const svg = curveSvg({ label: "norm", values: [100, 10, 1, 0.1, 0, NaN] });
  t.equal(occurrences(svg, "<circle"), 4);
  t.notMatch(svg, /NaN|undefined|Infinity/);
  for (const tick of ["100", "10", "1", "0.1"]) t.ok(svg.includes(`>${tick}<`), tick);
  for (const values of [[], [0], [5], [3, 3]])
    t.notMatch(curveSvg({ label: "norm", values }), /NaN|undefined/);
});

test("ticks of a logarithmic axis: 1-2-5 over few decades, powers of ten over many", async (t) => {
  const texts = (low: number, high: number) =>
    logTicks((value) => value, [low, high]).map(({ text }) => text);
  t.strictSame(texts(1.6, 250), ["2", "5", "10", "20", "50", "100", "200"]);
  t.strictSame(texts(1e-6, 1), ["10^{-6}", "10^{-5}", "10^{-4}", "10^{-3}", "0.01", "0.1", "1"]);
  t.ok(texts(1e-40, 1).length <= 9);
});

test("figures: the ending of the file decides, PNG and SVG; another one is refused", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-plot-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const curve = { label: "norm", title: "Convergence", values: [3, 2, 1] };
  await plotCurve(join(folder, "a.svg"), curve);
  t.equal(await readFile(join(folder, "a.svg"), "utf8"), curveSvg(curve));
  await plotPanels(join(folder, "b.PNG"), { title: "Both", rows: [[section("one"), curve]] });
  const { width, height, data } = decode(await readFile(join(folder, "b.PNG")));
  t.strictSame([width, height], [1920, 1080]);
  t.ok(new Set(data).size > 50, "something is drawn");
  await t.rejects(saveFigure(join(folder, "a.pdf"), "<svg/>"), {
    name: "RangeError",
    message: /use \.png or \.svg/,
  });
});
