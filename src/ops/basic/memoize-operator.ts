import type { Vector } from "../../array/vector.js";
import { checkOperator } from "../check-arguments.js";
import { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";

interface Product<X, Y> {
  readonly input: X;
  readonly output: Y;
}

/**
 * An operator that remembers its last products: applied to a vector with the numbers of one before, it copies the
 * result. For operators that cost much more than a norm, in loops that repeat inputs.
 *
 * Takes two vectors for each product remembered, forward and adjoint apart, and for each product that it compares with,
 * one pass and one maximum norm: collective, if vectors are distributed, so that all ranks find the same.
 */
export class MemoizeOperator<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #op: LinearOperator<M, D>;
  readonly #forward: Memory<M, D>;
  readonly #adjoint: Memory<D, M>;

  /** @param products - How many it remembers of each direction; the oldest is forgotten. Default 10. */
  constructor(op: LinearOperator<M, D>, { products = 10 }: { products?: number } = {}) {
    if (!Number.isSafeInteger(products) || products < 1)
      throw new RangeError(`MemoizeOperator: products ${products}; use a positive integer`);
    checkOperator("MemoizeOperator", op);
    super(op, { parts: [op] });
    this.#op = op;
    this.#forward = new Memory(products, new Workspace(op.model));
    this.#adjoint = new Memory(products, new Workspace(op.data));
  }

  protected override async forward(x: M, y: D): Promise<void> {
    await this.#forward.recall(x, y, () => this.#op.matvec(x, y));
  }

  protected override async adjoint(y: D, x: M): Promise<void> {
    await this.#adjoint.recall(y, x, () => this.#op.rmatvec(y, x));
  }
}

class Memory<X extends Vector<X>, Y extends Vector<Y>> {
  readonly #size: number;
  readonly #difference: Workspace<X>;
  readonly #products: Product<X, Y>[] = [];

  constructor(size: number, difference: Workspace<X>) {
    this.#size = size;
    this.#difference = difference;
  }

  /** Fills `y` with what `x` gave before, else by `apply`. */
  async recall(x: X, y: Y, apply: () => Promise<Y>): Promise<void> {
    for (const { input, output } of this.#products) {
      if (input.dtype !== x.dtype) continue;
      const difference = this.#difference.get(x.dtype).copyFrom(x).axpy(-1, input);
      if ((await difference.norm(Infinity)) !== 0) continue;
      y.copyFrom(output);
      return;
    }
    await apply();
    if (this.#products.length === this.#size) this.#products.shift();
    this.#products.push({ input: x.like().copyFrom(x), output: y.like().copyFrom(y) });
  }
}
