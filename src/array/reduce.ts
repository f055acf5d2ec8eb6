import type { Communicator } from "../comm/types.js";
import { agreeOn, type Asked } from "./agree-on.js";
import type { BlockVector } from "./blocks.js";
import { isComplex, numbersPerElement, type Scalar } from "./dtype.js";
import type { Fold } from "./folds.js";
import { tagOf } from "./hash.js";
import { checkList, normalizeAxis, product, stridesOf } from "./shape.js";
import { checkOptions } from "../options.js";

export interface ReductionOptions<V> {
  /** Axes that are reduced; they are left out of the result. Default: all, and the result is a number. */
  axis?: number | readonly number[];
  /** Reduced axes stay, with length 1, so that the result can be combined with the array. Default false. */
  keepdims?: boolean;
  /** Elements that take part: those that are not zero in this array, which has the space of the reduced one. */
  where?: V;
}

/**
 * The whole array reduced to one accumulator, with the same bits on every rank. Collective: one allreduce, of two
 * accumulators more than the result has, which show whether ranks ask for the same; of products two.
 */
export async function reduceAll<V extends BlockVector<V>>(
  name: string,
  x: V,
  fold: Fold,
  options: ReductionOptions<V> = {},
): Promise<number[]> {
  const { space } = x;
  const { where } = checked(name, x, options);
  await x.verify();
  const totals = new Float64Array(fold.identity);
  const indices = { strides: stridesOf(space.dims), steps: space.dims.map(() => 0) };
  if (space.primary || space.replicated) take(x, where, fold, indices, totals);
  if (space.comm && !space.replicated)
    await combineAgreed(space.comm, fold, totals, askedOf(name, fold, options));
  return [...fold.finish([...totals])];
}

/**
 * The array reduced along some axes. The result is split as the other axes are; ranks that stand behind one another
 * along the reduced axes hold it all, with the same bits. Collective: one allreduce of blocks of the result among these
 * ranks, and a small one before it that compares what they ask for; none if the axes are not split.
 */
export async function reduceAlong<V extends BlockVector<V>>(
  name: string,
  x: V,
  fold: Fold,
  options: ReductionOptions<V>,
): Promise<V> {
  const { space } = x;
  const { axes, where } = checked(name, x, options);
  await x.verify();
  if (name.startsWith("arg") && axes.length !== 1)
    throw new RangeError(`${name}: axes [${axes.join(", ")}]; give one axis, or none`);
  if (space.comm && axes.some((axis) => space.grid[axis] > 1))
    await agreeOn(space.comm, [...askedOf(name, fold, options, axes), `[${space.dims.join(", ")}]`]);
  const target = space.without(axes, options.keepdims);
  const result = target.zeros(fold.dtype(x.dtype));
  const kept = space.dims.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const strides = stridesOf(kept.map((axis) => space.localShape[axis]));
  const steps = space.dims.map((_, axis) => (kept.includes(axis) ? strides[kept.indexOf(axis)] : 0));
  const width = fold.identity.length;
  const size = kept.reduce((total, axis) => total * space.localShape[axis], 1);
  const totals = new Float64Array(size * width).map((_, i) => fold.identity[i % width]);
  const within = stridesOf(space.dims.map((length, axis) => (axes.includes(axis) ? length : 1)));
  const names = within.map((stride, axis) => (axes.includes(axis) ? stride : 0));
  take(x, where, fold, { strides: names, steps }, totals);
  const others = await space.behind(axes);
  if (others && others.size > 1) await combine(others, fold, totals);
  write(totals, width, fold, result);
  return result;
}

function checked<V extends BlockVector<V>>(name: string, x: V, options: ReductionOptions<V>) {
  checkOptions(name, options, ["axis", "keepdims", "where"]);
  const { axis, where } = options;
  const ndim = x.space.dims.length;
  if (axis === undefined && options.keepdims)
    throw new TypeError(`${name}: keepdims without axis; over all elements the result is a number`);
  if (axis !== undefined && typeof axis !== "number") checkList(name, "axis", axis);
  const given = axis === undefined ? [] : typeof axis === "number" ? [axis] : axis;
  const axes = given.map((each) => normalizeAxis(name, each, ndim));
  if (new Set(axes).size < axes.length)
    throw new RangeError(`${name}: axes [${given.join(", ")}]; name each once`);
  if (where && !where.space.equals(x.space)) {
    throw new RangeError(`${name}: where is ${where.space.toString()}, the array ${x.space.toString()}`);
  }
  return { axes, where };
}

/** What must be the same on all ranks. */
function askedOf<V>(
  name: string,
  { order }: Fold,
  { keepdims, where }: ReductionOptions<V>,
  axes?: readonly number[],
): Asked {
  const asked: [string, ...string[]] = [name];
  if (order !== undefined) asked.push(`order ${order}`);
  if (axes) asked.push(`axes [${axes.join(", ")}]${keepdims ? ", which stay" : ""}`);
  asked.push(where ? "elements where another array is not zero" : "all elements");
  return asked;
}

/**
 * As `combine`; two accumulators more in the same message show whether ranks ask for the same: of equal tags t, the sum's
 * square is the number of ranks times the sum of squares, and the extremes of t and −t are t and −t.
 */
async function combineAgreed(
  comm: Communicator,
  fold: Fold,
  totals: Float64Array,
  asked: Asked,
): Promise<void> {
  if (comm.size === 1) return;
  if (fold.op === "prod" || fold.op === "complexProd") {
    await agreeOn(comm, asked);
    return combine(comm, fold, totals);
  }
  const [tag, width] = [tagOf(asked), fold.identity.length];
  const message = new Float64Array(totals.length + 2 * width);
  message.set(totals);
  message[totals.length] = tag;
  message[totals.length + width] = fold.op === "sum" ? tag * tag : -tag;
  await combine(comm, fold, message);
  const [a, b] = [message[totals.length], message[totals.length + width]];
  if (fold.op === "sum" ? a * a !== comm.size * b : a !== -b) await agreeOn(comm, asked);
  totals.set(message.subarray(0, totals.length));
}

async function combine(comm: Communicator, { op }: Fold, totals: Float64Array): Promise<void> {
  if (comm.size === 1) return;
  if (typeof op === "string") await comm.allreduce(totals, { op, into: totals });
  else totals.set(await comm.allreduce(totals, { op }));
}

function write<V extends BlockVector<V>>(
  totals: Float64Array,
  width: number,
  fold: Fold,
  { local, dtype }: V,
): void {
  const step = numbersPerElement(dtype);
  for (let i = 0; i * step < local.length; i++) {
    const [re, im = 0] = fold.finish([...totals.subarray(i * width, (i + 1) * width)]);
    local[i * step] = re;
    if (step === 2) local[2 * i + 1] = im;
  }
}

/** For each axis: what the global index counts for in the name of an element, and accumulators to the next element. */
interface Strides {
  readonly strides: readonly number[];
  readonly steps: readonly number[];
}

/** Takes this rank's block into accumulators, line by line along the last axis. */
function take<V extends BlockVector<V>>(
  { local, dtype, space }: V,
  where: V | undefined,
  fold: Fold,
  { strides, steps }: Strides,
  totals: Float64Array,
): void {
  const { localShape, localStart } = space;
  if (product(localShape) === 0) return;
  const step = numbersPerElement(dtype);
  const elements = stridesOf(localShape);
  const last = localShape.length - 1;
  const walk = (axis: number, element: number, into: number, index: number): void => {
    index += localStart[axis] * strides[axis];
    if (axis < last) {
      for (let i = 0; i < localShape[axis]; i++)
        walk(axis + 1, element + i * elements[axis], into + i * steps[axis], index + i * strides[axis]);
      return;
    }
    const [intoStep, indexStep] = [steps[last], strides[last]];
    for (const [first, count] of where
      ? included(where, element, localShape[last])
      : [[0, localShape[last]]]) {
      const at = (element + first) * step;
      fold.take(local, { count, at, step, into: into + first * intoStep, intoStep, index: index + first * indexStep, indexStep }, totals); // prettier-ignore
    }
  };
  walk(0, 0, 0, 0);
}

/** Runs of elements of a line that are not zero: first element in the line, and how many. */
function* included<V extends BlockVector<V>>(
  { local, dtype }: V,
  start: number,
  length: number,
): Generator<[number, number]> {
  const isIn = isComplex(dtype)
    ? (i: number) => local[2 * (start + i)] !== 0 || local[2 * (start + i) + 1] !== 0
    : (i: number) => local[start + i] !== 0;
  for (let i = 0; i < length;) {
    let end = i;
    while (end < length && isIn(end)) end++;
    if (end > i) yield [i, end - i];
    i = end + 1;
  }
}

/** A number, or a complex one. */
export function scalarOf(numbers: readonly number[]): Scalar {
  return numbers.length === 1 ? numbers[0] : { re: numbers[0], im: numbers[1] };
}
