import { checkCounts } from "./counts.js";
import { type Field, recordRuns } from "./record.js";
import type { TypedArray } from "./types.js";

/** Runs shorter than this are copied in a loop: making two views costs more. */
const SHORT_RUN = 24;

/** Equally long runs at equal distances: `count` runs of `length` elements, one every `stride`, from `start` on. */
type Visit = (start: number, count: number, length: number, stride: number) => void;

/** Elements of an array at `layout`, counted from `offset`; sent and received as if they stood side by side. */
export interface Strided<A extends TypedArray = TypedArray> {
  readonly data: A;
  readonly layout: Layout;
  /** Where in `data` the layout starts. Default 0. */
  readonly offset?: number;
}

/**
 * Which elements of an array take part in a message: a column of a matrix, a box of a grid, any list of blocks, the
 * fields of records. `{ data, layout, offset }` can be sent, and received into, like an array. Local; holds no data.
 */
export class Layout {
  /** Elements that take part. */
  readonly count: number;
  /** Elements from the first that the layout knows of to the last. */
  readonly extent: number;
  readonly #each: (visit: Visit) => void;
  /** Whether elements are bytes. */
  readonly #bytes: boolean;

  private constructor(count: number, extent: number, each: (visit: Visit) => void, bytes = false) {
    this.count = count;
    this.extent = extent;
    this.#each = each;
    this.#bytes = bytes;
  }

  /**
   * `count` blocks of `blockLength` elements, one every `stride` elements. Local.
   *
   * @throws {RangeError} If a number is no count, or blocks overlap.
   */
  static vector({
    count,
    blockLength,
    stride,
  }: {
    count: number;
    blockLength: number;
    stride: number;
  }): Layout {
    checkCounts("Layout.vector", { count, blockLength, stride });
    if (count > 1 && stride < blockLength)
      throw new RangeError(
        `Layout.vector: blocks of ${blockLength} elements overlap at stride ${stride}; use at least ${blockLength}`,
      );
    const extent = count === 0 ? 0 : (count - 1) * stride + blockLength;
    return new Layout(count * blockLength, extent, (visit) => visit(0, count, blockLength, stride));
  }

  /**
   * Blocks of `blockLengths[i]` elements that start at element `displs[i]`, in this order. Local.
   *
   * @throws {RangeError} If the lists differ in length or a number is no count.
   */
  static indexed(blockLengths: ArrayLike<number>, displs: ArrayLike<number>): Layout {
    const [lengths, starts] = [Float64Array.from(blockLengths), Float64Array.from(displs)];
    if (lengths.length !== starts.length)
      throw new RangeError(
        `Layout.indexed: ${lengths.length} block lengths and ${starts.length} displacements; pass as many`,
      );
    let [count, extent] = [0, 0];
    lengths.forEach((length, i) => {
      checkCounts("Layout.indexed", { [`blockLengths[${i}]`]: length, [`displs[${i}]`]: starts[i] });
      count += length;
      if (length > 0) extent = Math.max(extent, starts[i] + length);
    });
    return new Layout(count, extent, (visit) => {
      for (let i = 0; i < lengths.length; i++) visit(starts[i], 1, lengths[i], lengths[i]);
    });
  }

  /**
   * The box of `subsizes` that begins at `starts` in an array of `sizes`. Local.
   *
   * @param order - "C" (default): the last axis is contiguous; "F": the first.
   * @throws {RangeError} If the lists differ in length, or the box is not inside.
   */
  static subarray({
    sizes,
    subsizes,
    starts,
    order = "C",
  }: {
    sizes: readonly number[];
    subsizes: readonly number[];
    starts: readonly number[];
    order?: "C" | "F";
  }): Layout {
    if (sizes.length === 0 || subsizes.length !== sizes.length || starts.length !== sizes.length)
      throw new RangeError(
        `Layout.subarray: ${sizes.length} sizes, ${subsizes.length} subsizes, ${starts.length} starts; pass one per axis`,
      );
    const axes = sizes.map((size, i) => ({ size, subsize: subsizes[i], start: starts[i] }));
    axes.forEach(({ size, subsize, start }, i) => {
      checkCounts("Layout.subarray", { size, subsize, start });
      if (start + subsize > size)
        throw new RangeError(
          `Layout.subarray: axis ${i} has ${size} elements, the box ends at ${start + subsize}; keep it inside`,
        );
    });
    if (order === "F") axes.reverse();
    const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);
    const count = product(subsizes);
    const boxes = joinWholeAxes(axes);
    return new Layout(count, product(sizes), (visit) => {
      if (count > 0) visitBox(boxes, 0, 0, visit);
    });
  }

  /**
   * One record in a `Uint8Array`: the bytes of its fields, in the order of the list, and none of the padding between them.
   * `Layout.struct(fields).repeat({ count, stride })` are records one every `stride` bytes. Local.
   *
   * @throws {RangeError | TypeError} If a number is no count, a type is unknown, or fields overlap.
   */
  static struct(fields: readonly Field[]): Layout {
    const { lengths, offsets } = recordRuns(fields);
    const record = Layout.indexed(lengths, offsets);
    return new Layout(record.count, record.extent, record.#each, true);
  }

  /**
   * This layout `count` times, one every `stride` elements (default: its extent): rows of boxes, records of an array.
   * Local.
   *
   * @throws {RangeError} If a number is no count, or the layouts overlap.
   */
  repeat({ count, stride = this.extent }: { count: number; stride?: number }): Layout {
    checkCounts("Layout.repeat", { count, stride });
    if (count > 1 && stride < this.extent)
      throw new RangeError(
        `Layout.repeat: layouts of ${this.extent} elements overlap at stride ${stride}; use at least ${this.extent}`,
      );
    const extent = count === 0 ? 0 : (count - 1) * stride + this.extent;
    const each = (visit: Visit): void => {
      for (let i = 0; i < count; i++)
        this.#each((start, runs, length, distance) => visit(i * stride + start, runs, length, distance));
    };
    return new Layout(count * this.count, extent, each, this.#bytes);
  }

  /**
   * Copies the elements of `source` side by side, one `set` for a long run. Local.
   *
   * @param into - At least `count` long; default: a new array.
   * @throws {RangeError} If an array is too short.
   */
  pack<A extends TypedArray>(source: A, into?: A, offset = 0): A {
    this.check("pack", source, offset);
    const target = into ?? new (source.constructor as new (length: number) => A)(this.count);
    if (target.length < this.count) throw tooShort("pack", "target", target.length, this.count);
    let at = 0;
    this.#each((start, count, length, stride) => {
      copyRuns(source, offset + start, stride, target, at, length, count, length);
      at += count * length;
    });
    return target;
  }

  /**
   * Inverse of `pack`: spreads elements that stand side by side over `into`; those between stay. If there are fewer
   * than `count`, the last ones stay, too. Local.
   *
   * @throws {RangeError} If `into` is too short, or `source` longer than `count`.
   */
  unpack<A extends TypedArray>(source: A, into: A, offset = 0): void {
    this.check("unpack", into, offset);
    if (source.length > this.count) throw tooShort("unpack", "layout", this.count, source.length);
    let at = 0;
    this.#each((start, count, length, stride) => {
      const whole = Math.min(count, length === 0 ? 0 : Math.floor((source.length - at) / length));
      copyRuns(source, at, length, into, offset + start, stride, whole, length);
      at += whole * length;
      const rest = whole < count ? Math.min(length, source.length - at) : 0;
      copyRuns(source, at, rest, into, offset + start + whole * stride, rest, 1, rest);
      at += rest;
    });
  }

  /** @throws {RangeError | TypeError} If the layout does not fit into `array` at `offset`. */
  check(where: string, array: TypedArray, offset: number): void {
    checkCounts(`Layout.${where}`, { offset });
    if (this.#bytes && array.constructor !== Uint8Array)
      throw new TypeError(
        `Layout.${where}: records are in a Uint8Array, not in ${array.constructor.name}; view the memory as bytes`,
      );
    if (offset + this.extent > array.length)
      throw tooShort(where, "array", array.length, offset + this.extent);
  }
}

/** `{ data, layout }`, and not an object that only looks like it. */
export function isStrided(value: unknown): value is Strided {
  return typeof value === "object" && value !== null && "layout" in value && value.layout instanceof Layout;
}

interface Axis {
  readonly size: number;
  readonly subsize: number;
  readonly start: number;
}

/** Fast axes that are taken whole become part of the next slower one: longer runs. */
function joinWholeAxes(axes: readonly Axis[]): readonly Axis[] {
  const joined = [...axes];
  for (let last = joined.length - 1; last > 0 && joined[last].subsize === joined[last].size; last--) {
    const { size } = joined[last];
    const slower = joined[last - 1];
    joined.splice(last - 1, 2, {
      size: slower.size * size,
      subsize: slower.subsize * size,
      start: slower.start * size,
    });
  }
  return joined;
}

function visitBox(axes: readonly Axis[], level: number, start: number, visit: Visit): void {
  const { size, subsize, start: first } = axes[level];
  const at = start * size + first;
  if (level === axes.length - 1) return visit(at, 1, subsize, subsize);
  if (level === axes.length - 2) {
    const fast = axes[level + 1];
    return visit(at * fast.size + fast.start, subsize, fast.subsize, fast.size);
  }
  for (let i = 0; i < subsize; i++) visitBox(axes, level + 1, at + i, visit);
}

/** Copies `count` runs of `length` elements. */
function copyRuns(
  source: TypedArray,
  from: number,
  fromStride: number,
  target: TypedArray,
  to: number,
  toStride: number,
  count: number,
  length: number,
): void {
  // Of one type, which the caller has seen to; the name of it does not matter here.
  const [a, b] = [source as Float64Array, target as Float64Array];
  if (count <= 0 || length <= 0) return;
  if (length === fromStride && length === toStride) b.set(a.subarray(from, from + count * length), to);
  else if (length < SHORT_RUN) {
    for (let i = 0; i < count; i++, from += fromStride, to += toStride)
      for (let j = 0; j < length; j++) b[to + j] = a[from + j];
  } else {
    for (let i = 0; i < count; i++, from += fromStride, to += toStride)
      b.set(a.subarray(from, from + length), to);
  }
}

function tooShort(where: string, what: string, length: number, needed: number): RangeError {
  return new RangeError(
    `Layout.${where}: the ${what} has ${length} elements, ${needed} are needed; make it longer`,
  );
}
