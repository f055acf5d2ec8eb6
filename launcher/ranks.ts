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

/** Ranks of `0,8-11`; `undefined` if it is no such list. Local. */
export function parseRanks(text: string): number[] | undefined {
  const parts = text.split(",").map((part) => /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(part));
  const ranks: number[] = [];
  for (const part of parts) {
    if (part === null) return undefined;
    const [first, last = first] = [part[1], part[2] ?? part[1]].map(Number);
    if (last < first) return undefined;
    for (let rank = first; rank <= last; rank++) ranks.push(rank);
  }
  return ranks;
}
