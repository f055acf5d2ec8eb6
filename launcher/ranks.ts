/** Ranks in short: `0-4,6`. Local. */
export function compressRanks(ranks: Iterable<number>): string {
  const sorted = [...new Set(ranks)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const rank of sorted) {
    const last = runs.at(-1);
    if (last && rank === last[1] + 1) last[1] = rank;
    else runs.push([rank, rank]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** `rank 3`, `ranks 0-4,6`. Local. */
export function nameRanks(ranks: Iterable<number>): string {
  const text = compressRanks(ranks);
  return /^\d+$/.test(text) ? `rank ${text}` : `ranks ${text}`;
}
