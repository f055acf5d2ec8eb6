import type { Row } from "./measure.js";

interface Column {
  readonly heading: string;
  readonly text: (row: Row) => string;
}

/** Rows as aligned text; columns in which nothing stands are left out. */
export function table(rows: readonly Row[], names: readonly string[]): string {
  const columns: Column[] = [
    { heading: "ranks", text: ({ ranks }) => `${ranks}` },
    { heading: "size", text: ({ bytes }) => (bytes > 0 ? size(bytes) : "") },
    ...names.flatMap((name, i) => columnsOf(name, i)),
  ];
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map((c) => c.text(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const used = columns.map((_, i) => lines.slice(1).some((line) => line[i] !== ""));
  return lines
    .map((line) => line.map((text, i) => text.padStart(widths[i])).filter((_, i) => used[i]))
    .map((line) => `  ${line.join("  ")}`)
    .join("\n");
}

function columnsOf(name: string, side: number): Column[] {
  const column = (
    heading: string,
    text: (cell: NonNullable<Row["cells"][0]>, row: Row) => string,
  ): Column => ({
    heading,
    text(row) {
      const cell = row.cells[side];
      return cell ? text(cell, row) : "";
    },
  });
  return [
    column(name, ({ seconds }) => time(seconds)),
    column("GB/s", ({ seconds, peakBytes }, { bytes }) =>
      bytes >= 1024 && peakBytes === undefined ? (bytes / seconds / 1e9).toPrecision(3) : "",
    ),
    column("memory", ({ peakBytes }) => (peakBytes === undefined ? "" : size(peakBytes))),
    ...(side === 0 ? [] : [column("ratio", ({ ratio }) => `${ratio.toPrecision(3)} ×`)]),
  ];
}

function time(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  if (seconds >= 1e-3) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${(seconds * 1e6).toPrecision(3)} µs`;
}

function size(bytes: number): string {
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(bytes % 2 ** 20 ? 1 : 0)} MiB`;
  if (bytes >= 2 ** 10) return `${bytes / 2 ** 10} KiB`;
  return `${bytes} B`;
}
