import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { conj, isComplex } from "../../array/dtype.js";
import { arrayOf } from "../../array/array-of.js";
import { LocalArray } from "../../array/local-array.js";
import type { Nested } from "../../array/nested.js";
import { checkOptions } from "../check-options.js";
import { spaceOf, type Where } from "../basic/block-space.js";
import { DenseMatrix } from "../basic/dense-matrix.js";
import { LinearOperator } from "../linear-operator.js";

export interface Fredholm1Options<V> {
  /** Columns of each product, for local arrays; default 1. */
  nz?: number;
  /**
   * Where the model lives: dims [slices, ny, nz], the slices split over the ranks, and the columns too if you like. Default:
   * local arrays of dims [slices, ny, nz].
   */
  model?: Where<V>;
  /** Keeps a copy of the conjugate transposes of all slices. Default false: they are read transposed. */
  saveGt?: boolean;
}

/**
 * A matrix product of its own for every slice, in practice for every frequency:
 * d[k, x, z] = Σ_y G[k, x, y] m[k, y, z]. Adjoint: m[k, y, z] = Σ_x conj(G[k, x, y]) d[k, x, z].
 *
 * Each rank has its own slices of kernel, model and data, so that nothing is sent. For a model that all ranks hold whole,
 * compose it with a {@link Transpose} that keeps the axes and goes to such a distribution.
 */
export class Fredholm1<V extends BlockVector<V> = LocalArray> extends LinearOperator<V, V> {
  readonly #G: DenseMatrix;
  readonly #adjoint: DenseMatrix | undefined;
  readonly #columns: number;

  /**
   * @param kernel - [slices, nx, ny]: those slices that this rank has of the model; not copied.
   * @throws {RangeError} If this rank's block of the model has not as many slices of ny rows.
   */
  constructor(kernel: LocalArray | Nested, options: Fredholm1Options<V> = {}) {
    checkOptions("Fredholm1", options, ["nz", "model", "saveGt"]);
    const G = arrayOf("Fredholm1", kernel);
    const { dims } = G.space;
    if (dims.length !== 3)
      throw new RangeError(`Fredholm1: a kernel of dims [${dims.join(", ")}]; give [slices, nx, ny]`);
    const [slices, nx, ny] = dims;
    const { nz = 1, saveGt = false, model: where = [slices, ny, nz] } = options;
    if (!Number.isSafeInteger(nz) || nz < 0)
      throw new RangeError(`Fredholm1: nz ${nz}; give an integer from 0 on`);
    const model = spaceOf(where);
    checkModel(model, slices, ny);
    const matrix = new DenseMatrix(G);
    super({ model, data: model.withDims(model.dims.with(1, nx)), dtype: matrix.dtype });
    this.#G = matrix;
    this.#adjoint = saveGt ? new DenseMatrix(adjointOf(G)) : undefined;
    this.#columns = model.localShape[2];
  }

  protected override forward(x: V, y: V): void {
    this.#G.apply("plain", x.dtype, this.#slices(x, this.#G.columns), this.#slices(y, this.#G.rows));
  }

  protected override adjoint(y: V, x: V): void {
    const [from, to] = [this.#slices(y, this.#G.rows), this.#slices(x, this.#G.columns)];
    if (this.#adjoint) this.#adjoint.apply("plain", y.dtype, from, to);
    else this.#G.apply("adjoint", y.dtype, from, to);
  }

  #slices({ local }: V, rows: number) {
    return { storage: local, rows, columns: this.#columns };
  }
}

function checkModel(model: BlockSpace<unknown>, slices: number, ny: number): void {
  const { dims, localShape } = model;
  const whole = dims.length === 3 && model.grid[1] === 1 && dims[1] === ny;
  if (whole && localShape[0] === slices) return;
  const rank = model.comm ? ` on rank ${model.comm.rank}` : "";
  throw new RangeError(
    `Fredholm1: ${slices} slices with ${ny} columns${rank}, for a model of ${model.toString()}, of whose block the shape ` +
      `is [${localShape.join(", ")}]; give dims [slices, ny, nz], and each rank the slices of its block`,
  );
}

function adjointOf(G: LocalArray): LocalArray {
  const [slices, nx, ny] = G.space.dims;
  const { dtype, local } = G;
  const at = (k: number, i: number, j: number) => (k * nx + i) * ny + j;
  const element = isComplex(dtype)
    ? (index: number) => conj({ re: local[2 * index], im: local[2 * index + 1] })
    : (index: number) => local[index];
  return LocalArray.fromFunction([slices, ny, nx], (k, j, i) => element(at(k, i, j)), dtype);
}
