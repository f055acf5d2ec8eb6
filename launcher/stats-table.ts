import { formatBytes } from "../src/bytes.js";
import type { CallStatistics, RankStatistics } from "../src/comm/recording.js";
import { nameRanks } from "./ranks.js";

/**
 * What calls of all ranks came to: a line for each operation with sums over ranks, and for the time in which they waited
 * who waited least and most. Local, pure.
 *
 * @param size - Ranks of the job; those without statistics are named.
 */
export function statsTable(ranks: ReadonlyMap<number, RankStatistics>, size: number): string[] {
  const known = [...ranks];
  const operations = [...new Set(known.flatMap(([, { calls }]) => Object.keys(calls)))];
  const rows = operations
    .map((name) => rowOf(name, known))
    .sort((a, b) => b.waitMs - a.waitMs || a.name.localeCompare(b.name))
    .map(({ name, calls, bytes, waitMs, least, most }) => [
      name,
      `${calls}`,
      formatBytes(bytes),
      formatMs(waitMs),
      least,
      most,
    ]);
  const total = (of: (statistics: RankStatistics) => number): number =>
    known.reduce((sum, [, statistics]) => sum + of(statistics), 0);
  const messages = total((rank) => rank.messages);
  const overlapped = total((rank) => rank.overlapped);
  const sent = `  ${messages} messages with ${formatBytes(total((rank) => rank.bytes))} were handed to the transport; ${overlapped} requests were complete when they were awaited`;
  const missing = Array.from({ length: size }, (_, rank) => rank).filter((rank) => !ranks.has(rank));
  const unknown = missing.length === 0 ? [] : [`  nothing has come from ${nameRanks(missing)}`];
  return [...align([HEAD, ...rows]), sent, ...unknown];
}

const HEAD = ["operation", "calls", "bytes", "waited", "least (rank)", "most (rank)"];

interface Row extends CallStatistics {
  readonly name: string;
  readonly least: string;
  readonly most: string;
}

function rowOf(name: string, ranks: readonly (readonly [number, RankStatistics])[]): Row {
  const found = ranks.flatMap(([rank, { calls }]) => (name in calls ? [{ rank, ...calls[name] }] : []));
  const sum = (of: (statistics: CallStatistics) => number): number =>
    found.reduce((s, one) => s + of(one), 0);
  const inOrder = found.sort((a, b) => a.waitMs - b.waitMs || a.rank - b.rank);
  const show = ({ rank, waitMs }: { rank: number; waitMs: number }): string =>
    `${formatMs(waitMs)} (${rank})`;
  return {
    name,
    calls: sum(({ calls }) => calls),
    bytes: sum(({ bytes }) => bytes),
    waitMs: sum(({ waitMs }) => waitMs),
    least: show(inOrder[0]),
    most: show(inOrder[inOrder.length - 1]),
  };
}

/** In columns: the first to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    return `  ${cells.join("  ")}`;
  });
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
