import type { Communicator } from "../../comm/types.js";
import type { DistributedArray } from "../../array/distributed-array.js";
import { Distribution } from "../../array/distribution.js";
import { type DType, numbersPerElement, promote } from "../../array/dtype.js";
import { LocalArray, LocalSpace } from "../../array/local-array.js";
import { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";
import { lift } from "./lift.js";

type LocalOperator = LinearOperator<LocalArray, LocalArray>;

/**
 * One operator made of local ones, of which every rank brings its own list, in rank order. Collective: one
 * allgather of the sizes, so that every rank knows all blocks; products then cost what {@link lift} says.
 *
 * - `"diagonal"`: models and data one after the other. Products send nothing.
 * - `"vertical"`: one replicated model, data one after the other. The adjoint is one allreduce.
 * - `"horizontal"`: models one after the other, data added up and replicated. The forward is one allreduce.
 *
 * Vectors are one-dimensional. A rank may bring an empty list.
 *
 * @throws {RangeError} On every rank, if models of a vertical (data of a horizontal) stack differ in size.
 */
export async function acrossRanks(
  comm: Communicator,
  arrangement: "diagonal" | "vertical" | "horizontal",
  operators: readonly LocalOperator[],
): Promise<LinearOperator<DistributedArray, DistributedArray>> {
  if (arrangement === "horizontal") {
    const stack = await acrossRanks(
      comm,
      "vertical",
      operators.map((op) => op.H),
    );
    return stack.H;
  }
  const mine = operators.map((op) => ({ rows: op.shape[0], columns: op.shape[1], dtype: op.dtype }));
  const all = await comm.allgather(mine);
  const dtype = all
    .flat()
    .map((op) => op.dtype)
    .reduce<DType>(promote, all.flat()[0]?.dtype ?? "float64");
  const rows = all.map((ops) => ops.reduce((sum, op) => sum + op.rows, 0));
  const data = concatenation(comm, rows);
  if (arrangement === "diagonal") {
    const columns = all.map((ops) => ops.reduce((sum, op) => sum + op.columns, 0));
    return lift(new FlatBlockDiag(operators, dtype), concatenation(comm, columns), { data, dtype });
  }
  const columns = all.flat()[0]?.columns ?? 0;
  all.forEach((ops, rank) => {
    const odd = ops.find((op) => op.columns !== columns);
    if (odd) {
      throw new RangeError(
        `acrossRanks: an operator with ${odd.columns} columns on rank ${rank}, the first has ${columns}; stacked ones must agree`,
      );
    }
  });
  const model = new Distribution(comm, [columns], { replicated: true });
  return lift(new FlatVStack(columns, operators, dtype), model, { data, dtype });
}

function concatenation(comm: Communicator, lengths: readonly number[]): Distribution {
  return new Distribution(comm, [lengths.reduce((sum, n) => sum + n, 0)], { blocks: [lengths] });
}

/** Consecutive pieces of a flat array, one for each length; views, nothing is copied. */
function* pieces(
  array: LocalArray,
  shapes: readonly (readonly number[])[],
): Generator<LocalArray, undefined> {
  const step = numbersPerElement(array.dtype);
  let offset = 0;
  for (const dims of shapes) {
    const space = new LocalSpace(dims);
    const end = offset + step * space.size;
    yield new LocalArray(space, array.dtype, array.local.subarray(offset, end));
    offset = end;
  }
  return undefined;
}

/** Local operators on consecutive pieces of a flat model and a flat data array. */
class FlatBlockDiag extends LinearOperator<LocalArray, LocalArray> {
  readonly #operators: readonly LocalOperator[];

  constructor(operators: readonly LocalOperator[], dtype: DType) {
    const [rows, columns] = [0, 1].map((side) => operators.reduce((sum, op) => sum + op.shape[side], 0));
    super({ model: new LocalSpace([columns]), data: new LocalSpace([rows]), dtype });
    this.#operators = operators;
  }

  protected override async forward(x: LocalArray, y: LocalArray): Promise<void> {
    const models = pieces(
      x,
      this.#operators.map((op) => op.dims),
    );
    const datas = pieces(
      y,
      this.#operators.map((op) => op.dimsd),
    );
    for (const op of this.#operators) await op.matvec(next(models), next(datas));
  }

  protected override async adjoint(y: LocalArray, x: LocalArray): Promise<void> {
    const models = pieces(
      x,
      this.#operators.map((op) => op.dims),
    );
    const datas = pieces(
      y,
      this.#operators.map((op) => op.dimsd),
    );
    for (const op of this.#operators) await op.rmatvec(next(datas), next(models));
  }
}

/** Local operators on one flat model; their data are consecutive pieces of a flat array. */
class FlatVStack extends LinearOperator<LocalArray, LocalArray> {
  readonly #operators: readonly LocalOperator[];
  readonly #model: Workspace<LocalArray>;

  constructor(columns: number, operators: readonly LocalOperator[], dtype: DType) {
    const rows = operators.reduce((sum, op) => sum + op.shape[0], 0);
    super({ model: new LocalSpace([columns]), data: new LocalSpace([rows]), dtype });
    this.#operators = operators;
    this.#model = new Workspace<LocalArray>(this.model);
  }

  protected override async forward(x: LocalArray, y: LocalArray): Promise<void> {
    const datas = pieces(
      y,
      this.#operators.map((op) => op.dimsd),
    );
    for (const op of this.#operators) await op.matvec(x.reshape(op.dims), next(datas));
  }

  protected override async adjoint(y: LocalArray, x: LocalArray): Promise<void> {
    const datas = pieces(
      y,
      this.#operators.map((op) => op.dimsd),
    );
    const term = this.#model.get(x.dtype);
    x.fill(0);
    for (const op of this.#operators) {
      await op.rmatvec(next(datas), term.reshape(op.dims));
      x.axpy(1, term);
    }
  }
}

function next(arrays: Generator<LocalArray, undefined>): LocalArray {
  const { value } = arrays.next();
  if (!value) throw new Error("acrossRanks: fewer pieces than operators");
  return value;
}
