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
 * @throws {RangeError} On every rank, if models of a vertical (data of a horizontal) stack differ in size, or ranks ask for
 *   different arrangements, or for one that there is not.
 */
export async function acrossRanks(
  comm: Communicator,
  arrangement: Arrangement,
  operators: readonly LocalOperator[],
): Promise<LinearOperator<DistributedArray, DistributedArray>> {
  const parts = arrangement === "horizontal" ? operators.map((op) => op.H) : operators;
  const sizes = parts.map((op) => ({ rows: op.shape[0], columns: op.shape[1], dtype: op.dtype }));
  const given = await comm.allgather({ arrangement, sizes });
  checkArrangements(given.map((each) => each.arrangement));
  const all = given.map((each) => each.sizes);
  if (arrangement === "diagonal") return stacked(comm, "diagonal", parts, all);
  const stack = stacked(comm, "vertical", parts, all);
  return arrangement === "vertical" ? stack : stack.H;
}

const ARRANGEMENTS = ["diagonal", "vertical", "horizontal"] as const;
type Arrangement = (typeof ARRANGEMENTS)[number];

function checkArrangements(asked: readonly Arrangement[]): void {
  const unknown = asked.findIndex((arrangement) => !ARRANGEMENTS.includes(arrangement));
  if (unknown >= 0)
    throw new RangeError(
      `acrossRanks: arrangement "${asked[unknown]}" on rank ${unknown}; use ${ARRANGEMENTS.join(", ")}`,
    );
  const odd = asked.findIndex((arrangement) => arrangement !== asked[0]);
  if (odd >= 0)
    throw new RangeError(
      `acrossRanks: rank ${odd} asks for ${asked[odd]}, rank 0 for ${asked[0]}; all ranks must ask for the same`,
    );
}

interface PartSize {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
}

/** Made of this rank's operators, and the sizes of those of all ranks. Local. */
function stacked(
  comm: Communicator,
  arrangement: "diagonal" | "vertical",
  operators: readonly LocalOperator[],
  all: readonly (readonly PartSize[])[],
): LinearOperator<DistributedArray, DistributedArray> {
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
