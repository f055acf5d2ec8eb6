import { allocate } from "../../array/arithmetic.js";
import { DistributedArray } from "../../array/distributed-array.js";
import type { Distribution } from "../../array/distribution.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { product } from "../../array/shape.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import { checkMatrix, placesOf, Team } from "./block-matrix-mult.js";
import { BlockOperator } from "./block-operator.js";
import { DenseMatrix } from "./dense-matrix.js";
import { checkNumbers } from "../check-arguments.js";
import { checkKind } from "../../options.js";

/** Some columns of the matrix that one column of the grid has, and the same rows of the model that one row of it has. */
interface Panel {
  readonly start: number;
  readonly length: number;
  /** Which column of the grid has the columns of A, and which row the rows of x. */
  readonly column: number;
  readonly row: number;
}

/**
 * The product of two matrices that are both split over one grid [r, c] of ranks, of any shape: y = A x for A of N × K and
 * x of K × M, all three in tiles. Nothing is held twice.
 *
 * Collective: SUMMA. K is cut where tiles of A or of x end, into at most r + c − 1 panels; for each one, its columns of A
 * are broadcast along the rows of the grid, its rows of x along the columns, and their product is added to y. The adjoint
 * broadcasts the same columns of A, and adds up their products with y along the columns of the grid. The first product
 * also makes the communicators for that. Workspace: one panel of A, and one of x.
 *
 * @see van de Geijn & Watts, Concurrency 9(4), 1997, doi:10.1002/(SICI)1096-9128(199704)9:4<255::AID-CPE250>3.0.CO;2-2
 */
export class Summa extends BlockOperator<DistributedArray> {
  declare readonly model: Distribution;
  declare readonly data: Distribution;
  readonly #A: DistributedArray;
  readonly #panels: readonly Panel[];
  readonly #place: readonly number[] | undefined;
  /** The ranks of this row, and of this column of the grid. */
  readonly #row: Team;
  readonly #column: Team;
  readonly #kits = new Map<DType, Kit>();

  /**
   * @param A - [N, K], held once; not copied.
   * @param extra - Dims of x after the first: model [K, …extra], data [N, …extra]. The first of them is split.
   * @throws {RangeError} If `A` has not two axes or is held several times, or there are no extra dims.
   */
  constructor(A: DistributedArray, extra: readonly number[]) {
    checkKind("Summa", "A", A, DistributedArray);
    checkNumbers("Summa", "dims after the first", extra);
    const { distribution } = A;
    checkMatrix("Summa", distribution);
    if (extra.length === 0)
      throw new RangeError("Summa: no columns; give the dims of the model after the first");
    const { dims, grid } = distribution;
    const tiles = (rows: number, blocks?: readonly number[]) =>
      distribution.with([rows, ...extra], {
        grid: [...grid, ...extra.slice(1).map(() => 1)],
        blocks: [blocks, ...extra.map(() => undefined)],
      });
    const model = tiles(dims[1]);
    const { dtype } = new DenseMatrix(A.block);
    super({ model, data: tiles(dims[0], distribution.blocks(0)), dtype }, [dtype]);
    this.#A = A;
    this.#panels = panelsOf(distribution.offsets(1), model.offsets(0));
    this.#place = distribution.coordinatesOf(distribution.comm.rank);
    const { row, column } = placesOf(distribution);
    this.#row = new Team(distribution.comm, row);
    this.#column = new Team(distribution.comm, column);
  }

  protected override sends(): boolean {
    return true;
  }

  protected override async forward(x: DistributedArray, y: DistributedArray): Promise<void> {
    y.fill(0);
    const [columns, rows] = [columnsOf(y), this.#numbersOfRows(x)];
    const kit = this.#kitFor(x.dtype, rows);
    for (const [i, panel] of this.#panels.entries()) {
      const A = await this.#spreadColumns(kit, i);
      const part = await this.#spreadRows(kit, panel, x.local, rows);
      const X = { storage: part, rows: panel.length, columns };
      A.apply("plain", x.dtype, X, { storage: y.local, rows: A.rows, columns }, true);
    }
  }

  protected override async adjoint(y: DistributedArray, x: DistributedArray): Promise<void> {
    const [columns, rows] = [columnsOf(y), this.#numbersOfRows(x)];
    const kit = this.#kitFor(x.dtype, rows);
    const team = await this.#column.members();
    for (const [i, { length, row, start }] of this.#panels.entries()) {
      const A = await this.#spreadColumns(kit, i);
      const mine = this.#place?.[0] === row;
      const own = (start - x.distribution.localStart[0]) * rows;
      const into = mine ? x.local.subarray(own, own + length * rows) : undefined;
      const part = team || !into ? kit.rows.subarray(0, length * rows) : into;
      const Y = { storage: y.local, rows: A.rows, columns };
      A.apply("adjoint", y.dtype, Y, { storage: part, rows: length, columns });
      if (team) await team.reduce(part, { op: "sum", root: row, ...(into && { into }) });
    }
  }

  /** Numbers in one row of the vectors, as this rank has it. */
  #numbersOfRows({ distribution, dtype }: DistributedArray): number {
    return product(distribution.localShape.slice(1)) * numbersPerElement(dtype);
  }

  /** The columns of A of panel `i`, on every rank of the row. */
  async #spreadColumns(kit: Kit, i: number): Promise<DenseMatrix> {
    const { matrix, storage } = kit.panels[i];
    const { start, length, column } = this.#panels[i];
    const { localShape, localStart } = this.#A.distribution;
    if (this.#place?.[1] === column) {
      const [rows] = localShape;
      const box = boxIn(kit.A, localShape, [0, start - localStart[1]]);
      copyBox([rows, length], box, boxIn(storage, [rows, length], [0, 0]), numbersPerElement(this.dtype));
    }
    const team = await this.#row.members();
    await team?.bcast(storage, { root: column, into: storage });
    return matrix;
  }

  /** The rows of x of a panel, on every rank of the column. */
  async #spreadRows(kit: Kit, { start, length, row }: Panel, x: Storage, rows: number): Promise<Storage> {
    const own = (start - this.model.localStart[0]) * rows;
    const part =
      this.#place?.[0] === row ? x.subarray(own, own + length * rows) : kit.rows.subarray(0, length * rows);
    const team = await this.#column.members();
    await team?.bcast(part, { root: row, into: part });
    return part;
  }

  /** What products with vectors of this dtype need: made on first use, and kept. */
  #kitFor(dtype: DType, rows: number): Kit {
    let kit = this.#kits.get(dtype);
    if (!kit) {
      const [N] = this.#A.distribution.localShape;
      const A = new DenseMatrix(this.#A.block).in(dtype);
      const longest = Math.max(0, ...this.#panels.map(({ length }) => length));
      const buffer = allocate(A.dtype, N * longest);
      const step = numbersPerElement(A.dtype);
      const panels = this.#panels.map(({ length }) => {
        const storage = buffer.subarray(0, N * length * step);
        return { storage, matrix: new DenseMatrix(new LocalArray([N, length], A.dtype, storage)) };
      });
      kit = { A: A.local, panels, rows: allocate(dtype, (longest * rows) / numbersPerElement(dtype)) };
      this.#kits.set(dtype, kit);
    }
    return kit;
  }
}

/** The matrix in the precision of the vectors, and room for one panel of it and of the model. */
interface Kit {
  readonly A: Storage;
  readonly panels: readonly { readonly storage: Storage; readonly matrix: DenseMatrix }[];
  readonly rows: Storage;
}

function columnsOf({ distribution }: DistributedArray): number {
  return product(distribution.localShape.slice(1));
}

/** The axis, cut at all of these offsets: which block of each cut every panel is in. */
function panelsOf(ofMatrix: readonly number[], ofModel: readonly number[]): Panel[] {
  const cuts = [...new Set([...ofMatrix, ...ofModel])].sort((a, b) => a - b);
  const blockAt = (offsets: readonly number[], at: number) => offsets.findLastIndex((offset) => offset <= at);
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i];
    return { start, length: end - start, column: blockAt(ofMatrix, start), row: blockAt(ofModel, start) };
  });
}
