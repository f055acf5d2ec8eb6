import type { Communicator } from "../../comm/types.js";
import type { DistributedArray } from "../../array/distributed-array.js";
import { Distribution } from "../../array/distribution.js";
import { type DType, promote } from "../../array/dtype.js";
import type { LocalArray } from "../../array/local-array.js";
import { LocalSpace } from "../../array/local-space.js";
import { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";
import { lift } from "./lift.js";
import { pieces } from "./pieces.js";

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

/** Local operators on consecutive pieces of a flat model and a flat data array. */
class FlatBlockDiag extends LinearOperator<LocalArray, LocalArray> {
  readonly #operators: readonly LocalOperator[];
  readonly #dims: readonly (readonly number[])[];
  readonly #dimsd: readonly (readonly number[])[];

  constructor(operators: readonly LocalOperator[], dtype: DType) {
    const [rows, columns] = [0, 1].map((side) => operators.reduce((sum, op) => sum + op.shape[side], 0));
    super({ model: new LocalSpace([columns]), data: new LocalSpace([rows]), dtype }, { parts: operators });
    this.#operators = operators;
    this.#dims = operators.map((op) => op.dims);
    this.#dimsd = operators.map((op) => op.dimsd);
  }

  protected override async forward(x: LocalArray, y: LocalArray): Promise<void> {
    const [models, datas] = [pieces(x, this.#dims), pieces(y, this.#dimsd)];
    for (const [i, op] of this.#operators.entries()) await op.matvec(models[i], datas[i]);
  }

  protected override async adjoint(y: LocalArray, x: LocalArray): Promise<void> {
    const [models, datas] = [pieces(x, this.#dims), pieces(y, this.#dimsd)];
    for (const [i, op] of this.#operators.entries()) await op.rmatvec(datas[i], models[i]);
  }
}

/** Local operators on one flat model; their data are consecutive pieces of a flat array. */
class FlatVStack extends LinearOperator<LocalArray, LocalArray> {
  readonly #operators: readonly LocalOperator[];
  readonly #dimsd: readonly (readonly number[])[];
  readonly #model: Workspace<LocalArray>;

  constructor(columns: number, operators: readonly LocalOperator[], dtype: DType) {
    const rows = operators.reduce((sum, op) => sum + op.shape[0], 0);
    super({ model: new LocalSpace([columns]), data: new LocalSpace([rows]), dtype }, { parts: operators });
    this.#operators = operators;
    this.#dimsd = operators.map((op) => op.dimsd);
    this.#model = new Workspace<LocalArray>(this.model);
  }

  protected override async forward(x: LocalArray, y: LocalArray): Promise<void> {
    const datas = pieces(y, this.#dimsd);
    for (const [i, op] of this.#operators.entries()) await op.matvec(x.reshape(op.dims), datas[i]);
  }

  protected override async adjoint(y: LocalArray, x: LocalArray): Promise<void> {
    const datas = pieces(y, this.#dimsd);
    const term = this.#model.get(x.dtype);
    x.fill(0);
    for (const [i, op] of this.#operators.entries()) {
      await op.rmatvec(datas[i], term.reshape(op.dims));
      x.axpy(1, term);
    }
  }
}
