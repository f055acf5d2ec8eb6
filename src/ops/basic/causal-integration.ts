import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { alongAxis, type AxisView, normalizeAxis } from "../../array/shape.js";
import { checkOptions } from "../../options.js";
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
    super({ model, data: removeFirst ? withoutFirst(model, axis) : model, dtype });
    this.#sampling = sampling;
    this.#kind = kind;
    this.#view = alongAxis(model.localShape, axis);
    this.#begins = model.localStart[axis] === 0 && this.#view.length > 0;
    this.#removed = this.#begins && removeFirst ? 1 : 0;
    this.#scan = AxisScan.along(model, axis);
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
    this.#sum(input, own, line, pass);
    return this.#scan
      .exclusive(own, carry, pass.direction)
      .then(() => this.#sum(input, carry, line, pass, output));
  }

  /** Adds the rows to the sums in `carry`, one after the other; the output has the sums on the way. */
  #sum(input: Rows, carry: Float64Array, line: number, pass: Pass, output?: Rows): void {
    if (line <= SHORT) this.#sumColumns(input, carry, line, pass, output);
    else this.#sumRows(input, carry, line, pass, output);
  }

  #sumRows(
    input: Rows,
    carry: Float64Array,
    line: number,
    { direction, into, outOf }: Pass,
    output?: Rows,
  ): void {
    const { outer, length } = this.#view;
    const half = this.#kind === "full" ? 0 : 0.5;
    for (let o = 0, c = 0; o < outer; o++, c += line) {
      for (let step = 0; step < length; step++) {
        const k = direction > 0 ? step : length - 1 - step;
        const first = this.#begins && k === 0;
        if (k >= input.lacks)
          addRow(input.storage, startOf(input, o, k, length) * line, first ? into : 1, carry, c, line);
        if (!output || k < output.lacks) continue;
        const at = startOf(output, o, k, length) * line;
        const weight = this.#sampling * (first ? outOf : 1);
        const { storage: y } = output;
        for (let i = 0; i < line; i++) y[at + i] = weight * carry[c + i];
        if (half > 0 && k >= input.lacks)
          addRow(input.storage, startOf(input, o, k, length) * line, -half * this.#sampling, y, at, line);
      }
    }
  }

  /** The same, number by number of a row that has few: a sum stays in a register. */
  #sumColumns(
    input: Rows,
    carry: Float64Array,
    line: number,
    { direction, into, outOf }: Pass,
    output?: Rows,
  ): void {
    const { outer, length } = this.#view;
    const half = this.#kind === "full" ? 0 : 0.5;
    const first = this.#begins ? 1 : 0; // the first row of the axis is apart
    const [start, stride] = [direction > 0 ? first : length - 1, direction * line];
    const edge = (c: number, o: number, i: number): void => {
      const value = input.lacks > 0 ? 0 : input.storage[o * length * line + i];
      carry[c] += into * value;
      if (output?.lacks === 0)
        output.storage[o * length * line + i] = this.#sampling * (outOf * carry[c] - half * value);
    };
    for (let c = 0; c < outer * line; c++) {
      const [o, i] = [Math.floor(c / line), c % line];
      if (first && direction > 0) edge(c, o, i);
      const from = startOf(input, o, start, length) * line + i;
      const to = output && startOf(output, o, start, length) * line + i;
      carry[c] = output
        ? runningSum(
            carry[c],
            input.storage,
            from,
            output.storage,
            to ?? 0,
            stride,
            length - first,
            this.#sampling,
            half,
          )
        : total(carry[c], input.storage, from, stride, length - first);
      if (first && direction < 0) edge(c, o, i);
    }
  }

  #linesOf(numbers: number): { own: Float64Array; carry: Float64Array } {
    if (this.#lines?.own.length !== numbers)
      this.#lines = { own: new Float64Array(numbers), carry: new Float64Array(numbers) };
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

/** y ← weight (sum − half x), the sum growing by each x; returns it. */
function runningSum(
  sum: number,
  x: Storage,
  from: number,
  y: Storage,
  to: number,
  stride: number,
  count: number,
  weight: number,
  half: number,
): number {
  for (let k = 0, at = from, out = to; k < count; k++, at += stride, out += stride) {
    const value = x[at];
    sum += value;
    y[out] = weight * (sum - half * value);
  }
  return sum;
}

function total(sum: number, x: Storage, from: number, stride: number, count: number): number {
  for (let k = 0, at = from; k < count; k++, at += stride) sum += x[at];
  return sum;
}

function addRow(x: Storage, from: number, weight: number, y: Storage, to: number, count: number): void {
  for (let i = 0; i < count; i++) y[to + i] += weight * x[from + i];
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
