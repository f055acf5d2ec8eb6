import fc from "fast-check";
import type { DistributionOptions } from "../../src/array/distribution.js";
import type { DType, Scalar } from "../../src/array/dtype.js";

export const DTYPES: readonly DType[] = ["float32", "float64", "complex64", "complex128", "int32"];

/** Distinct for every index; with an imaginary part where the dtype has one. */
export function tagged(dtype: DType): (...index: number[]) => Scalar {
  return (...index) => {
    const re = index.reduce((sum, i) => 20 * sum + i + 1, 0);
    return dtype.startsWith("complex") ? { re, im: -re / 2 } : re;
  };
}

/**
 * Any way of spreading an array over the ranks: on any grid, in random blocks, empty ones too, or balanced; replicated,
 * in two copies, or on some ranks only.
 */
export function arbitraryDistribution(
  size: number,
  dims: readonly number[],
): fc.Arbitrary<DistributionOptions> {
  const holders = fc.constantFrom(...waysToHold(size));
  return holders.chain(({ ranks, ...options }) =>
    ranks === undefined
      ? fc.constant(options)
      : fc
          .constantFrom(...gridsOf(ranks, dims.length))
          .chain((grid) =>
            fc
              .tuple(...dims.map((length, axis) => arbitraryBlocks(length, grid[axis])))
              .map((blocks) => ({ ...options, grid, blocks })),
          ),
  );
}

function waysToHold(size: number): (DistributionOptions & { ranks?: number })[] {
  const all: (DistributionOptions & { ranks?: number })[] = [
    { ranks: size },
    { ranks: size },
    { ranks: size },
  ];
  all.push({ replicated: true });
  const each = <T>(f: (rank: number) => T) => Array.from({ length: size }, (_, rank) => f(rank));
  if (size % 2 === 0) all.push({ ranks: size / 2, copies: each((rank) => rank % 2) });
  if (size > 1) all.push({ ranks: size - 1, copies: each((rank) => (rank === 1 ? undefined : 0)) });
  return all;
}

/** Every grid of so many axes with so many places. */
function gridsOf(ranks: number, axes: number): number[][] {
  if (axes === 1) return [[ranks]];
  return Array.from({ length: ranks }, (_, k) => k + 1)
    .filter((first) => ranks % first === 0)
    .flatMap((first) => gridsOf(ranks / first, axes - 1).map((rest) => [first, ...rest]));
}

function arbitraryBlocks(length: number, ranks: number): fc.Arbitrary<number[] | undefined> {
  const cuts = fc.array(fc.nat(length), { minLength: ranks - 1, maxLength: ranks - 1 });
  const blocks = cuts.map((all) => {
    const ends = [...all.sort((a, b) => a - b), length];
    return ends.map((end, k) => end - (ends[k - 1] ?? 0));
  });
  return fc.option(blocks, { nil: undefined, freq: 3 });
}
