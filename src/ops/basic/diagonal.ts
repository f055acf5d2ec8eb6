import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, isComplex, promote } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { normalizeAxis } from "../../array/shape.js";
import type { Vector } from "../../array/vector.js";
import { checkVector } from "../check-arguments.js";
import { LinearOperator } from "../linear-operator.js";
import type { OperatorMakeup } from "../operator-tree.js";

/**
 * Multiplies elementwise: y = d ∘ x; adjoint x = conj(d) ∘ y. Local.
 *
 * The diagonal is a vector of any kind, and model and data live where it lives. It is not copied; change it only
 * while no product runs.
 */
export class Diagonal<V extends Vector<V>> extends LinearOperator<V, V> {
  readonly #diagonal: V;
  readonly #converted = new Map<DType, V>();

  /** @param makeup - What the diagonal was made of, if that must be equal on all ranks. */
  constructor(diagonal: V, makeup: OperatorMakeup = {}) {
    checkVector("Diagonal", "the diagonal", diagonal);
    super({ model: diagonal.space, data: diagonal.space, dtype: diagonal.dtype }, makeup);
    this.#diagonal = diagonal;
  }

  /**
   * The same factors along one axis, whatever the index along the others. Takes one vector of storage.
   *
   * @param factors - As many as the axis is long, over all ranks; a one-dimensional array where they are complex.
   * @param dtype - Default: that of the factors; float64 for plain numbers.
   * @throws {RangeError} If their number is another one.
   */
  static along<V extends BlockVector<V>>(
    space: BlockSpace<V>,
    axis: number,
    factors: ArrayLike<number> | LocalArray,
    dtype?: DType,
  ): Diagonal<V> {
    const along = normalizeAxis("Diagonal", axis, space.dims.length);
    const line = factors instanceof LocalArray ? factors : LocalArray.from([factors.length], factors);
    if (line.length !== space.dims[along]) {
      throw new RangeError(
        `Diagonal: ${line.length} factors along axis ${along} of ${space.toString()}; give ${space.dims[along]}`,
      );
    }
    const [start, own] = [space.localStart[along], space.localShape[along]];
    const shape = space.dims.map((_, k) => (k === along ? own : 1));
    const diagonal = space.zeros(dtype ?? line.dtype);
    diagonal.block.assign(line.slice([start, start + own]).reshape(shape));
    return new Diagonal(diagonal, { given: [along, line.local] });
  }

  protected override forward(x: V, y: V): void {
    y.copyFrom(x).multiply(this.#in(y.dtype));
  }

  protected override adjoint(y: V, x: V): void {
    x.copyFrom(y).multiply(this.#in(x.dtype), true);
  }

  /** The diagonal in a dtype that it can be multiplied in: converted once where precisions differ. */
  #in(dtype: DType): V {
    const own = this.#diagonal.dtype;
    if (own === dtype || (isComplex(dtype) && !isComplex(own))) return this.#diagonal;
    let diagonal = this.#converted.get(dtype);
    if (!diagonal) {
      diagonal = this.#diagonal.like(promote(own, dtype)).copyFrom(this.#diagonal);
      this.#converted.set(dtype, diagonal);
    }
    return diagonal;
  }
}
