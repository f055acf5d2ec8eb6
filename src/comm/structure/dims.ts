/**
 * Balanced dimensions of a grid of `n` ranks: as MPI_Dims_create. Local.
 *
 * @param dims - How many, or one number per dimension: 0 is free, anything else stays. Free ones come out in descending
 * order, the largest as small as it can be.
 * @returns All dimensions; their product is `n`.
 * @throws {RangeError} If `n` is no multiple of the given ones.
 */
export function computeDims(n: number, dims: number | readonly number[]): number[] {
  const given = typeof dims === "number" ? new Array<number>(dims).fill(0) : [...dims];
  if (!Number.isSafeInteger(n) || n < 1)
    throw new RangeError(`computeDims: ${n} is no number of ranks; pass a positive integer`);
  const odd = given.find((dim) => !Number.isSafeInteger(dim) || dim < 0);
  if (odd !== undefined)
    throw new RangeError(
      `computeDims: ${odd} in [${given.join(", ")}] is no dimension; pass 0 for a free one`,
    );
  const fixed = given.reduce((product, dim) => product * (dim === 0 ? 1 : dim), 1);
  const count = given.filter((dim) => dim === 0).length;
  if (n % fixed !== 0 || (count === 0 && fixed !== n)) {
    throw new RangeError(
      `computeDims: [${given.join(", ")}] takes ${fixed} ranks${count > 0 ? " or a multiple" : ""}, there are ${n}; ` +
        `change the dimensions that are not 0`,
    );
  }
  const free = balanced(n / fixed, count, n / fixed) ?? [];
  return given.map((dim) => (dim === 0 ? (free.shift() ?? 1) : dim));
}

/** `count` factors of `n` in descending order, none above `limit`, the first as small as possible, then the second, … */
function balanced(n: number, count: number, limit: number): number[] | undefined {
  if (count === 0) return n === 1 ? [] : undefined;
  for (let factor = 1; factor <= limit; factor++) {
    if (n % factor !== 0 || factor ** count < n) continue;
    const rest = balanced(n / factor, count - 1, factor);
    if (rest !== undefined) return [factor, ...rest];
  }
  return undefined;
}
