import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { alongAxis, type AxisView, normalizeAxis } from "../../array/shape.js";
import { allocate, scanRows } from "../../kernels/index.js";
import { checkOptions } from "../check-options.js";
import { AxisScan } from "./axis-scan.js";
import { BlockOperator } from "./block-operator.js";
import { distributionOf, spaceOf, spreadAs, type Where } from "./block-space.js";

export interface CausalIntegrationOptions {
  /** Default −1, the last one. */
  axis?: number;
  /** Distance between samples, default 1. */
  sampling?: number;
  /**
   * What of its own sample belongs to a sum: all of it (`"full"`, default), half of it (`"half"`), or half of it and of
   * the first sample (`"trapezoidal"`).
   */
  kind?: "full" | "half" | "trapezoidal";
  /** Leaves out the first row of the data, which knows of nothing before it. */
  removeFirst?: boolean;
  dtype?: DType;
}

/**
 * Integrates along one axis of local or distributed arrays, from its beginning: y[i] = Δ (x[0] + … + x[i]) (full), Δ (x[0] +
 * … + x[i − 1] + x[i] / 2) (half), Δ (x[0] / 2 + x[1] + … + x[i − 1] + x[i] / 2) (trapezoidal; its first row is zero, where
 * PyLops has Δ x[0] / 2). The adjoint sums from the end.
 *
 * Sums are in double precision. If the axis is split, they are collective: one exclusive scan over the ranks, of one
 * number per line, in ⌈log₂ ranks⌉ rounds; bits depend on the number of ranks. Else local.
 */
export class CausalIntegration<V extends BlockVector<V> = LocalArray> extends BlockOperator<V> {
  readonly #sampling: number;
  readonly #kind: NonNullable<CausalIntegrationOptions["kind"]>;
  readonly #view: AxisView;
  /** Whether the axis begins in this rank's block, and how many of its first rows the data are without. */
  readonly #begins: boolean;
  readonly #removed: 0 | 1;
  readonly #scan: AxisScan | undefined;
  #lines?: { readonly own: Float64Array; readonly carry: Float64Array };

  /** @throws {RangeError} For an unknown axis or kind, or the first row of an axis of length 0 to remove. */
  constructor(where: Where<V>, options: CausalIntegrationOptions = {}) {
    checkOptions("CausalIntegration", options, ["axis", "sampling", "kind", "removeFirst", "dtype"]);
    const model = spaceOf(where);
    const axis = normalizeAxis("CausalIntegration", options.axis ?? -1, model.dims.length);
    const { sampling = 1, kind = "full", removeFirst = false, dtype } = options;
    if (!["full", "half", "trapezoidal"].includes(kind))
      throw new RangeError(`CausalIntegration: kind "${kind}"; use "full", "half" or "trapezoidal"`);
    const data = removeFirst ? withoutFirst(model, axis) : model;
    super({ model, data, dtype }, [axis, sampling, kind, removeFirst]);
    this.#sampling = sampling;
    this.#kind = kind;
    this.#view = alongAxis(model.localShape, axis);
    this.#begins = model.localStart[axis] === 0 && this.#view.length > 0;
    this.#removed = this.#begins && removeFirst ? 1 : 0;
    this.#scan = AxisScan.along(model, axis);
  }

  protected override sends(): boolean {
    return this.#scan !== undefined;
  }

  protected override forward(x: V, y: V): Promise<void> | void {
    const firstWeight = this.#kind === "trapezoidal" ? 0.5 : 1;
    return this.#integrate(x, 0, y, this.#removed, { direction: 1, into: firstWeight, outOf: 1 });
  }

  protected override adjoint(y: V, x: V): Promise<void> | void {
    const firstWeight = this.#kind === "trapezoidal" ? 0.5 : 1;
    return this.#integrate(y, this.#removed, x, 0, { direction: -1, into: 1, outOf: firstWeight });
  }

  /** @param inputLacks, outputLacks - Rows of the model that these begin without. */
  #integrate(x: V, inputLacks: number, y: V, outputLacks: number, pass: Pass): Promise<void> | void {
    const line = this.#view.inner * numbersPerElement(x.dtype);
    const { own, carry } = this.#linesOf(this.#view.outer * line);
    const input: Rows = { storage: x.local, lacks: inputLacks };
    const output: Rows = { storage: y.local, lacks: outputLacks };
    if (!this.#scan) {
      carry.fill(0);
      this.#sum(input, carry, line, pass, output);
      return;
    }
    own.fill(0);
    this.#sum(input, own, line, { ...pass, direction: 1 }); // all of the block, so from where memory begins
    return this.#scan
      .exclusive(own, carry, pass.direction)
      .then(() => this.#sum(input, carry, line, pass, output));
  }

  /** Adds the rows to the sums in `carry`, one after the other; the output has the sums on the way. */
  #sum(input: Rows, carry: Float64Array, line: number, pass: Pass, output?: Rows): void {
    const { outer, length } = this.#view;
    const { direction, into, outOf } = pass;
    const half = this.#kind === "full" ? 0 : 0.5;
    const first = this.#begins ? 1 : 0; // the first row of the axis is apart
    const sum = line <= SHORT ? sumColumns : sumRows;
    for (let o = 0, c = 0; o < outer; o++, c += line) {
      /** `count` rows in this direction from row k on, and their weights in what goes in and in what comes out. */
      const run = (k: number, count: number, into: number, outOf: number): void => {
        const [weight, share] = [this.#sampling * outOf, half / outOf];
        const x = k < input.lacks ? undefined : input.storage;
        const y = output && k >= output.lacks ? output.storage : undefined;
        const [from, to] = [startOf(input, o, k, length), output ? startOf(output, o, k, length) : 0];
        sum({ x, from: from * line, y, to: to * line, stride: direction * line, count, into, weight, share }, carry, c, line); // prettier-ignore
      };
      if (first && direction > 0) run(0, 1, into, outOf);
      if (length > first) run(direction > 0 ? first : length - 1, length - first, 1, 1);
      if (first && direction < 0) run(0, 1, into, outOf);
    }
  }

  #linesOf(numbers: number): { own: Float64Array; carry: Float64Array } {
    if (this.#lines?.own.length !== numbers)
      this.#lines = { own: allocate("float64", numbers), carry: allocate("float64", numbers) };
    return this.#lines;
  }
}

/** Rows of so few numbers are not worth loops of their own. */
const SHORT = 4;

/** Which way sums run, and the weight of the first row of the axis in what goes into them and in what comes out. */
interface Pass {
  readonly direction: 1 | -1;
  readonly into: number;
  readonly outOf: number;
}

/** A block, without the first `lacks` rows of the axis. */
interface Rows {
  readonly storage: Storage;
  readonly lacks: number;
}

/** Which row of the storage row `k` of the axis is, behind `o` others. */
function startOf({ lacks }: Rows, o: number, k: number, length: number): number {
  return o * (length - lacks) + k - lacks;
}

/** Rows to sum, where they are: sum ← sum + into x, y ← weight (sum − share x). Without x, there is nothing to add. */
interface Run {
  readonly x: Storage | undefined;
  readonly from: number;
  readonly y: Storage | undefined;
  readonly to: number;
  readonly stride: number;
  readonly count: number;
  readonly into: number;
  readonly weight: number;
  readonly share: number;
}

function sumRows(run: Run, sums: Float64Array, c: number, line: number): void {
  const { x, y, stride, count, into, weight, share } = run;
  if (isFloat(x) && (!y || isFloat(y)) && scanRows(x, y, sums, { ...run, rows: count, line, sumsFrom: c }))
    return;
  for (let k = 0, at = run.from, out = run.to; k < count; k++, at += stride, out += stride) {
    if (x && y) {
      for (let i = 0; i < line; i++) {
        const value = x[at + i];
        const sum = sums[c + i] + into * value;
        sums[c + i] = sum;
        y[out + i] = weight * (sum - share * value);
      }
    } else if (x) for (let i = 0; i < line; i++) sums[c + i] += into * x[at + i];
    else if (y) for (let i = 0; i < line; i++) y[out + i] = weight * sums[c + i];
  }
}

function isFloat(x: Storage | undefined): x is Float32Array | Float64Array {
  return x instanceof Float32Array || x instanceof Float64Array;
}

/** The same, number by number of a row that has few: a sum stays in a register. */
function sumColumns(run: Run, sums: Float64Array, c: number, line: number): void {
  const { x, y, stride, count, into, weight, share } = run;
  if (!x) return sumRows(run, sums, c, line);
  for (let i = 0; i < line; i++) {
    let sum = sums[c + i];
    let [at, out] = [run.from + i, run.to + i];
    if (!y) for (let k = 0; k < count; k++, at += stride) sum += into * x[at];
    else {
      for (let k = 0; k < count; k++, at += stride, out += stride) {
        const value = x[at];
        sum += into * value;
        y[out] = weight * (sum - share * value);
      }
    }
    sums[c + i] = sum;
  }
}

function withoutFirst<V>(space: BlockSpace<V>, axis: number): BlockSpace<V> {
  const n = space.dims[axis];
  if (n === 0) throw new RangeError(`CausalIntegration: removeFirst on axis ${axis} of length 0`);
  const distribution = distributionOf(space);
  const blocks = space.dims.map((_, k) => distribution?.blocks(k));
  const first = blocks[axis]?.findIndex((length) => length > 0);
  blocks[axis] = blocks[axis]?.map((length, k) => (k === first ? length - 1 : length));
  return spreadAs(space, space.dims.with(axis, n - 1), space.grid, blocks);
}
