import type { DistributedArray } from "../array/distributed-array.js";
import type { Distribution } from "../array/distribution.js";
import { isComplex, type Scalar } from "../array/dtype.js";
import { shown } from "../options.js";
import type { Vector } from "../array/vector.js";
import { adjoint, conjugate, type Derivation, power, product, scaled, sum } from "./algebra.js";
import type { LocalOperator } from "./each-piece.js";
import { isLocal, lifted } from "./lifted.js";
import { distributionOf } from "./basic/block-space.js";
import { OperatorProducts } from "./operator-products.js";
import type { OperatorTree } from "./operator-tree.js";

/**
 * A linear map from vectors of a model space to vectors of a data space, known by what it does and not by a matrix.
 *
 * A subclass writes `forward` and `adjoint`, which overwrite their output; this class checks the vectors, allocates
 * what is missing, and gives the algebra. Sums and products are operators too; they allocate their intermediate
 * vectors once, so that products in a loop allocate nothing. For the same reason one operator applies to one vector
 * at a time: await a product before the next one of the same operator.
 *
 * The result has the dtype that operator and input promote to; an input of a smaller dtype is converted first.
 *
 * Operators on distributed arrays are made without a message, of arguments that are equal on all ranks. Before the first
 * product that sends something they are compared, with those of all its parts, in one small allreduce: one wrong rank is an
 * error on all.
 */
export abstract class LinearOperator<M extends Vector<M>, D extends Vector<D>> extends OperatorProducts<
  M,
  D
> {
  #adjoint?: LinearOperator<D, M>;
  /** Of the conjugate of an operator: that operator. */
  #conjugated?: LinearOperator<M, D>;

  /** The adjoint: its forward is this operator's adjoint. */
  get H(): LinearOperator<D, M> {
    if (!this.#adjoint) {
      this.#adjoint = new Derived(adjoint(this));
      this.#adjoint.#adjoint = this;
    }
    return this.#adjoint;
  }

  /** The transpose, conj(Aᴴ). */
  get T(): LinearOperator<D, M> {
    return this.H.conj();
  }

  /** The operator with conjugated coefficients: conj(A conj(x)). A real operator is its own. */
  conj(): LinearOperator<M, D> {
    if (this.#conjugated) return this.#conjugated;
    if (!isComplex(this.dtype)) return this;
    const result = new Derived(conjugate(this));
    result.#conjugated = this;
    return result;
  }

  /** α A */
  scale(alpha: Scalar): LinearOperator<M, D> {
    return new Derived(scaled(this, alpha));
  }

  /** −A */
  neg(): LinearOperator<M, D> {
    return this.scale(-1);
  }

  /**
   * A + B. One of them may be local and the other distributed; see {@link lifted} for what it then does.
   *
   * @throws {RangeError} If the spaces differ.
   */
  add(other: LinearOperator<M, D>): LinearOperator<M, D>;
  add(this: Distributed, other: LocalOperator): Distributed;
  add(this: LocalOperator, other: Distributed): Distributed;
  add(other: unknown): unknown {
    const [A, B] = summands("add", this, other);
    return new Derived(sum(A, B));
  }

  /** A − B, likewise. */
  sub(other: LinearOperator<M, D>): LinearOperator<M, D>;
  sub(this: Distributed, other: LocalOperator): Distributed;
  sub(this: LocalOperator, other: Distributed): Distributed;
  sub(other: unknown): unknown {
    const [A, B] = summands("sub", this, other);
    return new Derived(sum(A, B.neg()));
  }

  /**
   * The product A B: first B, then A. One of them may be local and the other distributed; see {@link lifted}.
   *
   * @throws {RangeError} If B's data space is not A's model space.
   */
  compose<N extends Vector<N>>(inner: LinearOperator<N, M>): LinearOperator<N, D>;
  compose<V extends Vector<V>>(this: LinearOperator<DistributedArray, V>, inner: LocalOperator): LinearOperator<DistributedArray, V>; // prettier-ignore
  compose<N extends Vector<N>>(this: LocalOperator, inner: LinearOperator<N, DistributedArray>): LinearOperator<N, DistributedArray>; // prettier-ignore
  compose<N extends Vector<N>>(inner: unknown): unknown {
    const [A, B] = inOneKind<LinearOperator<M, D>, LinearOperator<N, M>>("compose", this, inner, "model", "data"); // prettier-ignore
    return new Derived(product(A, B));
  }

  /** A applied `exponent` times; 0 times is the identity. @throws {RangeError} If A is not square. */
  power(this: LinearOperator<M, M>, exponent: number): LinearOperator<M, M> {
    return new Derived(power(this, exponent));
  }
}

type Distributed = LinearOperator<DistributedArray, DistributedArray>;

/** An operator whose products are functions. */
export class Derived<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #products: Pick<Derivation<M, D>, "forward" | "adjoint">;

  constructor(derivation: Derivation<M, D>) {
    super(derivation, derivation);
    this.#products = derivation;
  }

  protected override forward(x: M, y: D): PromiseLike<unknown> | void {
    return this.#products.forward(x, y);
  }

  protected override adjoint(y: D, x: M): PromiseLike<unknown> | void {
    return this.#products.adjoint(y, x);
  }
}

/**
 * Two operators that meet in a space each: a local one with a distributed one as one of distributed arrays, others as they
 * are.
 */
function inOneKind<A, B>(
  where: string,
  a: unknown,
  b: unknown,
  mine: "model" | "data",
  its: "model" | "data",
): [A, B] {
  const [one, other] = [a, b] as [LinearOperator<never, never>, LinearOperator<never, never>];
  if (!(b instanceof LinearOperator))
    throw new TypeError(
      `${where}: ${shown(b)} is no operator${where === "compose" ? "; apply this one by matvec, or scale it" : ""}`,
    );
  const [there, here] = [distributionOf(one[mine]), distributionOf(other[its])];
  const pair = [
    here ? amongDistributed(where, one, mine, here) : one,
    there ? amongDistributed(where, other, its, there) : other,
  ];
  return pair as [A, B]; // the overloads say which
}

/** A local operator as one of distributed arrays that has the given model or data: see {@link lifted}; others as they are. */
export function amongDistributed<T extends OperatorTree>(
  where: string,
  op: T,
  side: "model" | "data",
  space: Distribution,
): T | LinearOperator<DistributedArray, DistributedArray> {
  return isLocal(op) ? new Derived(lifted(where, op, side, space)) : op;
}

/** Both operators of a sum, in one kind. */
function summands<A>(where: string, a: A, b: unknown): [A, A] {
  return inOneKind<A, A>(where, a, b, "model", "model");
}
