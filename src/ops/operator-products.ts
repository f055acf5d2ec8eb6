import { type DType, promote } from "../array/dtype.js";
import type { Space, Vector } from "../array/vector.js";
import { collectIfDue } from "../kernels/index.js";
import { checkVector } from "./check-arguments.js";
import { type Direction, type OperatorMakeup, OperatorTree } from "./operator-tree.js";
import { Workspace } from "./workspace.js";

export interface OperatorSpaces<M, D> {
  /** Where its input lives. */
  readonly model: Space<M>;
  /** Where its output lives. */
  readonly data: Space<D>;
  /** Of its coefficients; default float64. */
  readonly dtype?: DType;
  /**
   * False for a map that is linear over real numbers only, such as taking the real part. Its adjoint is one in the inner
   * product Re ⟨·, ·⟩. Default true.
   */
  readonly clinear?: boolean;
}

interface Calls {
  /** With the operator. */
  matvec: number;
  /** With its adjoint. */
  rmatvec: number;
}

/** What a solver needs of an operator: every {@link LinearOperator}, and anything of the user's that has these. */
export interface LinearOperatorContract<M, D> {
  readonly model: Space<M>;
  readonly data: Space<D>;
  /** [data size, model size] */
  readonly shape: readonly [number, number];
  readonly dtype: DType;
  /** False if linear over real numbers only; see {@link OperatorSpaces}. Missing means true. */
  readonly clinear?: boolean;
  /** y ← A x, into `y` when given (overwritten), else into a new vector of the data space. */
  matvec(x: M, y?: D): PromiseLike<D>;
  /** x ← Aᴴ y */
  rmatvec(y: D, x?: M): PromiseLike<M>;
}

/**
 * The products of an operator with vectors: what is checked, converted, allocated, compared and counted before a subclass
 * applies itself. {@link LinearOperator} adds the algebra.
 */
export abstract class OperatorProducts<M extends Vector<M>, D extends Vector<D>>
  extends OperatorTree
  implements LinearOperatorContract<M, D>
{
  readonly model: Space<M>;
  readonly data: Space<D>;
  readonly dtype: DType;
  readonly clinear: boolean;
  /** Products so far. */
  readonly calls: Readonly<Calls>;
  readonly #calls: Calls = { matvec: 0, rmatvec: 0 };
  readonly #models: Workspace<M>;
  readonly #datas: Workspace<D>;
  #running = false;

  constructor(
    { model, data, dtype = "float64", clinear = true }: OperatorSpaces<M, D>,
    makeup: OperatorMakeup = {},
  ) {
    super(makeup);
    this.model = model;
    this.data = data;
    this.dtype = dtype;
    this.clinear = clinear;
    this.calls = this.#calls;
    this.#models = new Workspace(model);
    this.#datas = new Workspace(data);
  }

  /** y ← A x. `x` and `y` are of the right spaces, and of one dtype; `y` is overwritten whatever it holds. */
  protected abstract forward(x: M, y: D): PromiseLike<unknown> | void;
  /** x ← Aᴴ y, likewise. */
  protected abstract adjoint(y: D, x: M): PromiseLike<unknown> | void;

  /** [data size, model size] */
  get shape(): readonly [number, number] {
    return [this.data.size, this.model.size];
  }

  /** Shape of the model. */
  get dims(): readonly number[] {
    return this.model.dims;
  }

  /** Shape of the data. */
  get dimsd(): readonly number[] {
    return this.data.dims;
  }

  /**
   * y ← A x, into `y` when given (overwritten), else into a new vector. Collective if the vectors are distributed.
   *
   * @throws {RangeError} If a vector is not of the operator's space.
   * @throws {TypeError} If `y` has not the dtype of the result, or is `x` itself.
   */
  async matvec(x: M, y?: D): Promise<D> {
    return this.#apply("matvec", x, this.model, this.#models, y, this.data, (input, output) =>
      this.forward(input, output),
    );
  }

  /** x ← Aᴴ y, into `x` when given (overwritten), else into a new vector; otherwise as `matvec`. */
  async rmatvec(y: D, x?: M): Promise<M> {
    return this.#apply("rmatvec", y, this.data, this.#datas, x, this.model, (input, output) =>
      this.adjoint(input, output),
    );
  }

  async #apply<X extends Vector<X>, Y extends Vector<Y>>(
    where: Direction,
    x: X,
    from: Space<X>,
    converted: Workspace<X>,
    y: Y | undefined,
    to: Space<Y>,
    run: (x: X, y: Y) => PromiseLike<unknown> | void,
  ): Promise<Y> {
    const name = `${this.name}.${where}`;
    checkVector(name, "input", x);
    const dtype = promote(this.dtype, x.dtype);
    checkSpace(name, "input", x.space, from);
    if (y) {
      checkVector(name, "output", y);
      checkSpace(name, "output", y.space, to);
      if (Object.is(x, y)) throw new TypeError(`${name}: the output is the input; give another vector`);
      if (y.dtype !== dtype) {
        throw new TypeError(`${name}: a ${dtype} result into a ${y.dtype} vector; give a ${dtype} one`);
      }
    }
    if (this.#running)
      throw new Error(`${name}: another product of this operator is not finished; await it first`);
    const input = x.dtype === dtype ? x : converted.get(dtype).copyFrom(x);
    this.#running = true;
    this.#calls[where]++;
    try {
      const agreement = this.agreement(where);
      if (agreement) await agreement;
      const collected = y ? undefined : collectIfDue();
      if (collected) await collected;
      const output = y ?? to.zeros(dtype);
      await run(input, output);
      return output;
    } finally {
      this.#running = false;
    }
  }
}

function checkSpace(where: string, role: string, given: Space<unknown>, expected: Space<unknown>): void {
  if (expected.equals(given)) return;
  throw new RangeError(`${where}: ${role} is ${given.toString()}; the operator takes ${expected.toString()}`);
}
