import type { Benchmark, Metric } from "./catalogue.js";
import type { Cell, Row } from "./measure.js";
import { formatBytes } from "../src/bytes.js";

interface Column {
  readonly heading: string;
  readonly text: (row: Row) => string;
}

type Text = readonly [heading: string, text: (cell: Cell, row: Row) => string];

/** What is shown of every side; the spread follows for the first of them, the ratio for the others. */
const FIGURES: Readonly<Record<Metric, readonly Text[]>> = {
  latency: [["µs", ({ seconds }) => micro(seconds)]],
  bandwidth: [["MB/s", ({ seconds }, { bytes }) => rate(bytes, seconds)]],
  overlap: [
    ["total µs", ({ seconds }) => micro(seconds)],
    ["compute", ({ computeSeconds }) => micro(computeSeconds)],
    ["alone", ({ pureSeconds }) => micro(pureSeconds)],
    ["overlap %", (cell) => overlap(cell).toFixed(0)],
  ],
  ready: [["ms", ({ seconds }) => milli(seconds)]],
  command: [["ms", ({ seconds }) => milli(seconds)]],
  solver: [
    ["ms", ({ seconds }) => milli(seconds)],
    ["memory", ({ peakBytes }) => (peakBytes === undefined ? "" : formatBytes(peakBytes))],
  ],
};

const SPREAD: Readonly<Record<Metric, readonly Text[]>> = {
  latency: spread(({ seconds }) => micro(seconds)),
  bandwidth: [
    ["min", ({ max }, { bytes }) => rate(bytes, max)],
    ["max", ({ min }, { bytes }) => rate(bytes, min)],
    ["messages/s", ({ seconds }) => Math.round(1 / seconds).toString()],
  ],
  overlap: [],
  ready: spread(({ seconds }) => milli(seconds)),
  command: spread(({ seconds }) => milli(seconds)),
  solver: [],
};

/** Of one number of ranks, as OSU prints it: a heading, and a line for each size. */
export function table(benchmark: Benchmark, rows: readonly Row[], sides: readonly string[]): string {
  const { name, title, metric } = benchmark;
  const ranks = rows[0]?.ranks ?? 0;
  const sized = benchmark.sizes !== undefined;
  const columns: Column[] = sized ? [{ heading: "# bytes", text: ({ bytes }) => `${bytes}` }] : [];
  for (const [side, sideName] of sides.entries()) columns.push(...columnsOf(metric, side, sideName));
  const used = columns.filter(({ text }) => rows.some((row) => text(row) !== ""));
  const lines = [used.map(({ heading }) => heading), ...rows.map((row) => used.map((c) => c.text(row)))];
  const body = align(lines, (column) => column === 0 && sized);
  return [`# ${name}, ${ranks} ${ranks === 1 ? "rank" : "ranks"}: ${title}`, ...body].join("\n");
}

/** Cells as lines of equal columns. */
export function align(lines: readonly (readonly string[])[], left: (column: number) => boolean): string[] {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((text, i) => (left(i) ? text.padEnd(widths[i]) : text.padStart(widths[i])))
      .join("  ")
      .trimEnd(),
  );
}

/** 1 if the computation hid all of the communication, in percent. */
export function overlap({ seconds, computeSeconds = 0, pureSeconds = 1 }: Cell): number {
  return Math.min(100, Math.max(0, 100 * (1 - (seconds - computeSeconds) / pureSeconds)));
}

function columnsOf(metric: Metric, side: number, name: string): Column[] {
  const column = ([heading, text]: Text): Column => ({
    heading,
    text: (row) => {
      const cell = row.cells[side];
      return cell ? text(cell, row) : "";
    },
  });
  const [first, ...others] = FIGURES[metric];
  const own = [column([`${name} ${first[0]}`, first[1]]), ...others.map(column)];
  if (side === 0) return [...own, ...SPREAD[metric].map(column)];
  const ratio = ({ ratio: value }: Cell) => (Number.isFinite(value) ? value.toPrecision(3) : "");
  return [...own, column(["ratio", ratio])];
}

function spread(text: (cell: Pick<Cell, "seconds">) => string): Text[] {
  return [
    ["min", ({ min }) => text({ seconds: min })],
    ["max", ({ max }) => text({ seconds: max })],
  ];
}

function micro(seconds: number | undefined): string {
  return seconds === undefined ? "" : (seconds * 1e6).toFixed(2);
}

function milli(seconds: number): string {
  return (seconds * 1e3).toFixed(1);
}

/** In 10⁶ bytes per second, as OSU and IMB count. */
function rate(bytes: number, seconds: number): string {
  return (bytes / seconds / 1e6).toFixed(2);
}
