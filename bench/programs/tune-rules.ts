/** Batches of one collective at one size, in turn: ms of an operation as tsmpi chooses, and by each algorithm. */
export interface Row {
  readonly bytes: number;
  readonly usual: readonly number[];
  readonly algorithms: Readonly<Record<string, readonly number[]>>;
}

/** A rule of --coll-rules. */
export interface Rule {
  readonly algorithm: string;
  readonly bytes?: number;
}

/** What is clearly better takes at most so much of the time, in the median of pairs, and less in all pairs but so many. */
const BETTER = 0.85;
const LUCK = 1 / 9;
/** What takes up to so much of the time is no worse. */
const EQUAL = 1.05;

/**
 * The rules for a collective: at every size its fastest algorithm. `undefined` if tsmpi's own choice is to stay: because
 * no algorithm is clearly better at any size, or because at some size each of them is worse. Pure.
 *
 * @param rows - By ascending size.
 */
export function rulesOf(rows: readonly Row[]): readonly Rule[] | undefined {
  if (rows.some(({ algorithms }) => Object.keys(algorithms).length === 0)) return undefined; // all of them are hopeless
  const best = rows.map(({ bytes, usual, algorithms }) => {
    const [[algorithm, own]] = Object.entries(algorithms).sort(([, a], [, b]) => median(a) - median(b));
    return { bytes, algorithm, isBetter: isClearlyBetter(own, usual), ratio: median(ratios(own, usual)) };
  });
  if (!best.some(({ isBetter }) => isBetter) || best.some(({ ratio }) => ratio > EQUAL)) return undefined;
  return best.flatMap(({ bytes, algorithm }, i): Rule[] => {
    const next = best.at(i + 1);
    if (next === undefined) return [{ algorithm }];
    return next.algorithm === algorithm
      ? []
      : [{ algorithm, bytes: Math.round(Math.sqrt(bytes * next.bytes)) }];
  });
}

/** Whether it is no luck that a series of batches took less time than another. Pure. */
export function isClearlyBetter(own: readonly number[], usual: readonly number[]): boolean {
  const all = ratios(own, usual);
  const worse = all.filter((ratio) => ratio >= 1).length;
  return median(all) <= BETTER && worse <= LUCK * all.length;
}

/** Whether a series took no more time than another, but for noise. Pure. */
export function isNoWorse(own: readonly number[], usual: readonly number[]): boolean {
  return median(ratios(own, usual)) <= EQUAL;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function ratios(own: readonly number[], usual: readonly number[]): number[] {
  return own.map((ms, i) => ms / usual[i]);
}
