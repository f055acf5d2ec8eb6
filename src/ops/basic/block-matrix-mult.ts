import type { Communicator } from "../../comm/types.js";
import { DistributedArray } from "../../array/distributed-array.js";
import { Distribution } from "../../array/distribution.js";
import { product } from "../../array/shape.js";
import { BlockOperator } from "./block-operator.js";
import { DenseMatrix } from "./dense-matrix.js";
import { checkNumbers } from "../check-arguments.js";
import { checkKind } from "../../options.js";

/**
 * A dense matrix of N × K in blocks that stay where they are: y = A x for a matrix on any grid [r, c] of ranks. By rows
 * on a grid [ranks, 1], by columns on [1, ranks], by blocks on any other.
 *
 * The vectors are held several times, as the blocks need them: x is split over the c ranks of each row of the grid, so
 * there are r copies of it, and y over the r ranks of each column, c copies. Their first axes have K and N elements;
 * further ones are columns that are multiplied alike.
 *
 * Collective: the forward is one allreduce of N / r rows inside each row of the grid, if c > 1, the adjoint one of K / c
 * rows inside each column, if r > 1. The first product also makes the communicators for that. Vectors take r, or c, times
 * the memory of one copy; {@link Summa} holds them once, and moves the matrix instead.
 */
export class BlockMatrixMult extends BlockOperator<DistributedArray> {
  declare readonly model: Distribution;
  declare readonly data: Distribution;
  readonly #A: DenseMatrix;
  readonly #columns: number;
  readonly #row: Team;
  readonly #column: Team;

  /**
   * @param A - [N, K], held once; not copied.
   * @param extra - Dims of the columns, default none: model [K, …extra], data [N, …extra].
   * @throws {RangeError} If `A` has not two axes, or is held several times.
   */
  constructor(A: DistributedArray, extra: readonly number[] = []) {
    checkKind("BlockMatrixMult", "A", A, DistributedArray);
    checkNumbers("BlockMatrixMult", "dims after the first", extra);
    const { distribution } = A;
    checkMatrix("BlockMatrixMult", distribution);
    const matrix = new DenseMatrix(A.block);
    const { row, column } = placesOf(distribution);
    const { comm } = distribution;
    super({
      model: vectorSpace(distribution, 1, row, extra),
      data: vectorSpace(distribution, 0, column, extra),
      dtype: matrix.dtype,
    });
    this.#A = matrix;
    this.#columns = product(extra);
    this.#row = new Team(comm, row);
    this.#column = new Team(comm, column);
  }

  protected override sends(direction: "matvec" | "rmatvec"): boolean {
    return direction === "matvec" ? this.model.grid[0] > 1 : this.data.grid[0] > 1;
  }

  protected override async forward(x: DistributedArray, y: DistributedArray): Promise<void> {
    this.#A.apply("plain", x.dtype, this.#columnsOf(x), this.#columnsOf(y));
    await this.#row.addUp(y);
  }

  protected override async adjoint(y: DistributedArray, x: DistributedArray): Promise<void> {
    this.#A.apply("adjoint", y.dtype, this.#columnsOf(y), this.#columnsOf(x));
    await this.#column.addUp(x);
  }

  #columnsOf({ local, distribution }: DistributedArray) {
    return { storage: local, rows: distribution.localShape[0], columns: this.#columns };
  }
}

/** @throws {RangeError} Unless arrays of it are matrices that the ranks hold once. */
export function checkMatrix(name: string, distribution: Distribution): void {
  if (distribution.dims.length === 2 && distribution.copies === 1) return;
  throw new RangeError(
    `${name}: a matrix of ${distribution.toString()}; give an array of two axes, held once`,
  );
}

/** Which row and which column of the grid each rank is in. */
export function placesOf(distribution: Distribution): {
  row: (number | undefined)[];
  column: (number | undefined)[];
} {
  const places = Array.from({ length: distribution.comm.size }, (_, rank) =>
    distribution.coordinatesOf(rank),
  );
  return { row: places.map((place) => place?.[0]), column: places.map((place) => place?.[1]) };
}

/** One axis of the matrix, split as there, in as many copies as `copies` says. */
function vectorSpace(
  matrix: Distribution,
  axis: 0 | 1,
  copies: readonly (number | undefined)[],
  extra: readonly number[],
): Distribution {
  const { comm, dims, grid } = matrix;
  return new Distribution(comm, [dims[axis], ...extra], {
    grid: [grid[axis], ...extra.map(() => 1)],
    blocks: [matrix.blocks(axis), ...extra.map(() => undefined)],
    copies,
  });
}

/** The ranks of equal color, as a communicator: made on first use, which every rank reaches at the same call. */
export class Team {
  readonly #comm: Communicator;
  readonly #color: number | undefined;
  readonly #several: boolean;
  #team: Promise<Communicator | undefined> | undefined;

  /** @param colors - Of every rank; `undefined` for those in no team. */
  constructor(comm: Communicator, colors: readonly (number | undefined)[]) {
    this.#comm = comm;
    this.#color = colors[comm.rank];
    this.#several = new Set(colors).size < colors.length;
  }

  /** Sums the blocks of the team, in place; nothing if everyone is alone. */
  async addUp({ local }: DistributedArray): Promise<void> {
    const team = await this.members();
    if (team && team.size > 1) await team.allreduce(local, { op: "sum", into: local });
  }

  /** `undefined` if no team has several members, or this rank is in none. Collective on first use. */
  async members(): Promise<Communicator | undefined> {
    if (!this.#several) return undefined;
    this.#team ??= Promise.resolve(this.#comm.split(this.#color));
    return this.#team;
  }
}
