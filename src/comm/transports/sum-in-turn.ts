/** Doubles that are summed over all ranks before the next ones. */
const STRETCH = 2048;

/**
 * into ← Σ of vectors, in their order: a stretch at a time, so that sums stay in the nearest cache. `into` may be one of
 * them. Local.
 */
export function sumInTurn(into: Float64Array, vectors: readonly Float64Array[]): void {
  const [first, second, ...others] = vectors;
  if (vectors.length === 1) return into.set(first);
  for (let start = 0; start < into.length; start += STRETCH) {
    const end = Math.min(start + STRETCH, into.length);
    sumStretch(into, first, second, start, end);
    for (const vector of others) sumStretch(into, into, vector, start, end);
  }
}

/** Eight elements a turn: V8 looks for interrupts in every turn, and takes half the time. */
function sumStretch(into: Float64Array, a: Float64Array, b: Float64Array, start: number, end: number): void {
  let i = start;
  for (; i + 8 <= end; i += 8) {
    into[i] = a[i] + b[i];
    into[i + 1] = a[i + 1] + b[i + 1];
    into[i + 2] = a[i + 2] + b[i + 2];
    into[i + 3] = a[i + 3] + b[i + 3];
    into[i + 4] = a[i + 4] + b[i + 4];
    into[i + 5] = a[i + 5] + b[i + 5];
    into[i + 6] = a[i + 6] + b[i + 6];
    into[i + 7] = a[i + 7] + b[i + 7];
  }
  for (; i < end; i++) into[i] = a[i] + b[i];
}
