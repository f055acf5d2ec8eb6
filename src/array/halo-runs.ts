/** A run of cells along one axis that one block owns and another one, or the same one again, wants. */
export interface HaloRun {
  /** Place of the owner along the axis. */
  readonly owner: number;
  /** First cell in the owner's block, and in the padded block that wants it. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** The block's own cells, which are no halo. */
  readonly core: boolean;
}

/** One axis as its blocks divide it, and the halo along it. */
export interface HaloAxis {
  /** Where each block starts; the last entry is the length of the axis. */
  readonly offsets: readonly number[];
  readonly before: number;
  readonly after: number;
  readonly periodic: boolean;
  /** No cells beyond the ends of an axis that is no ring, not even zeros. */
  readonly trim: boolean;
}

/** Cells before and after the block at `place`; an empty block has none. */
export function widthsAt(
  { offsets, before, after, periodic, trim }: HaloAxis,
  place: number,
): [number, number] {
  const [start, end] = [offsets[place], offsets[place + 1]];
  if (start === end) return [0, 0];
  if (!trim || periodic) return [before, after];
  return [Math.min(before, start), Math.min(after, offsets[offsets.length - 1] - end)];
}

/** Cells of the block at `place` with its halo. */
export function paddedLength(axis: HaloAxis, place: number): number {
  const [before, after] = widthsAt(axis, place);
  return before + axis.offsets[place + 1] - axis.offsets[place] + after;
}

/**
 * Which cells the padded block at `place` is made of, and whose they are: runs of consecutive cells, from its first
 * cell on; cells beyond the ends of an axis that is no ring are in none. An empty block wants nothing.
 */
export function runsAt(axis: HaloAxis, place: number): HaloRun[] {
  const { offsets, periodic } = axis;
  const [before, after] = widthsAt(axis, place);
  const length = offsets[offsets.length - 1];
  const [start, end] = [offsets[place], offsets[place + 1]];
  if (start === end) return [];
  const runs: HaloRun[] = [];
  const collect = (first: number, last: number) => {
    for (let cell = first; cell < last;) {
      const global = ((cell % length) + length) % length;
      // The last block that starts at or before the cell is the one that holds it: empty blocks come before it.
      const owner = offsets.findLastIndex((offset, c) => c < offsets.length - 1 && offset <= global);
      const count = Math.min(offsets[owner + 1] - global, last - cell);
      if (periodic || (cell >= 0 && cell < length)) {
        runs.push({ owner, from: global - offsets[owner], to: cell - (start - before), count, core: false });
      }
      cell += count;
    }
  };
  collect(start - before, start);
  runs.push({ owner: place, from: 0, to: before, count: end - start, core: true });
  collect(end, end + after);
  return runs;
}
