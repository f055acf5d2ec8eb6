import type { Complex, DType, Scalar } from "../array/dtype.js";
import { isComplex } from "../array/dtype.js";
import type { BlockVector } from "../array/blocks.js";
import { DistributedArray } from "../array/distributed-array.js";
import { LocalArray } from "../array/local-array.js";
import { StackedArray } from "../array/stacked-array.js";
import type { AnyVector } from "../array/vector.js";
import { checkOperator } from "./check-arguments.js";
import type { LinearOperatorContract } from "./operator-products.js";

/**
 * Sets every element of a local, distributed or stacked array to `f` of its flat global index, counted from `first`
 * on; stacks count through. Local.
 *
 * @throws {TypeError} For vectors of another kind.
 */
export function fillByIndex(vector: unknown, f: (index: number) => Scalar, first = 0): void {
  if (isStack(vector)) {
    let next = first;
    for (const member of vector.members) {
      fillByIndex(member, f, next);
      next += member.length;
    }
    return;
  }
  const { space, block } = asBlocks(vector);
  const flat = (...index: number[]) => index.reduce((at, i, axis) => at * space.dims[axis] + i, 0);
  block.fillFrom((...index) => f(first + flat(...index)), space.localStart);
}

/** All elements in the order of their flat global index, on every rank. Collective: one allgather per block vector. */
export async function gatherAll(vector: unknown): Promise<Complex[]> {
  if (isStack(vector)) {
    const parts: Complex[][] = [];
    for (const member of vector.members) parts.push(await gatherAll(member));
    return parts.flat();
  }
  const { dtype, local } = await (vector instanceof DistributedArray
    ? vector.asarray()
    : asBlocks(vector).block);
  if (!isComplex(dtype)) return Array.from(local, (re) => ({ re, im: 0 }));
  return Array.from({ length: local.length / 2 }, (_, i) => ({ re: local[2 * i], im: local[2 * i + 1] }));
}

/** The columns of an operator's matrix, one after the other, on every rank. Collective: one product and one allgather each. */
export async function* columnsOfMatrix(
  op: LinearOperatorContract<AnyVector, AnyVector>,
): AsyncGenerator<Complex[]> {
  checkOperator("todense", op);
  const unit = op.model.zeros(op.dtype);
  const image = op.data.zeros(op.dtype);
  for (let j = 0; j < op.model.size; j++) {
    fillByIndex(unit, (index) => (index === j ? 1 : 0));
    yield await gatherAll(await op.matvec(unit, image));
  }
}

/** A matrix with the given columns. */
export function fromColumns(columns: readonly Complex[][], rows: number, dtype: DType): LocalArray {
  const element = (i: number, j: number): Scalar => (isComplex(dtype) ? columns[j][i] : columns[j][i].re);
  return LocalArray.fromFunction([rows, columns.length], element, dtype);
}

function isStack(vector: unknown): vector is StackedArray {
  return vector instanceof StackedArray;
}

function asBlocks(vector: unknown): BlockVector<unknown> {
  if (vector instanceof LocalArray || vector instanceof DistributedArray) return vector;
  throw new TypeError(
    "a vector that is not local, distributed or stacked: its elements have no global index",
  );
}
