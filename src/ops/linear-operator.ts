import { conj, isComplex, promote, promoteScalar, type Scalar } from "../array/dtype.js";
import type { DistributedArray } from "../array/distributed-array.js";
import type { Distribution } from "../array/distribution.js";
import type { Vector } from "../array/vector.js";
import type { LocalOperator } from "./each-piece.js";
import { distributionIn, isLocal, type Lifted, lifted } from "./lifted.js";
import { OperatorProducts } from "./operator-products.js";
import type { Direction, OperatorTree } from "./operator-tree.js";
import { Workspace } from "./workspace.js";

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

  /** The adjoint: its forward is this operator's adjoint. */
  get H(): LinearOperator<D, M> {
    this.#adjoint ??= new Adjoint(this);
    return this.#adjoint;
  }

  /** The transpose, conj(Aᴴ). */
  get T(): LinearOperator<D, M> {
    return this.H.conj();
  }

  /** The operator with conjugated coefficients: conj(A conj(x)). A real operator is its own. */
  conj(): LinearOperator<M, D> {
    return isComplex(this.dtype) ? new Conjugate(this) : this;
  }

  /** α A */
  scale(alpha: Scalar): LinearOperator<M, D> {
    return new Scaled(this, alpha);
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
    return new Sum(A, B);
  }

  /** A − B, likewise. */
  sub(other: LinearOperator<M, D>): LinearOperator<M, D>;
  sub(this: Distributed, other: LocalOperator): Distributed;
  sub(this: LocalOperator, other: Distributed): Distributed;
  sub(other: unknown): unknown {
    const [A, B] = summands("sub", this, other);
    return new Sum(A, B.neg());
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
    return new Product(A, B);
  }

  /** A applied `exponent` times; 0 times is the identity. @throws {RangeError} If A is not square. */
  power(this: LinearOperator<M, M>, exponent: number): LinearOperator<M, M> {
    return new Power(this, exponent);
  }
}

type Distributed = LinearOperator<DistributedArray, DistributedArray>;

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
  const [there, here] = [distributionIn(one[mine]), distributionIn(other[its])];
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
  return isLocal(op) ? new LiftedOperator(op, lifted(where, op, side, space)) : op;
}

/** Both operators of a sum, in one kind. */
function summands<A>(where: string, a: A, b: unknown): [A, A] {
  return inOneKind<A, A>(where, a, b, "model", "model");
}

class LiftedOperator extends LinearOperator<DistributedArray, DistributedArray> {
  readonly #lifted: Lifted;

  constructor(op: LocalOperator, by: Lifted) {
    const { dtype, clinear } = op;
    super({ model: by.model, data: by.data, dtype, clinear }, { parts: [op] });
    this.#lifted = by;
  }

  protected override forward(x: DistributedArray, y: DistributedArray): Promise<void> {
    return this.#lifted.forward(x, y);
  }

  protected override adjoint(y: DistributedArray, x: DistributedArray): Promise<void> {
    return this.#lifted.adjoint(y, x);
  }
}

class Adjoint<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<D, M> {
  readonly #A: LinearOperator<M, D>;

  constructor(A: LinearOperator<M, D>) {
    super({ model: A.data, data: A.model, dtype: A.dtype, clinear: A.clinear }, { parts: [A] });
    this.#A = A;
  }

  protected override sends(direction: Direction): boolean {
    return super.sends(direction === "matvec" ? "rmatvec" : "matvec");
  }

  protected override forward(y: D, x: M): PromiseLike<unknown> {
    return this.#A.rmatvec(y, x);
  }

  protected override adjoint(x: M, y: D): PromiseLike<unknown> {
    return this.#A.matvec(x, y);
  }

  override get H(): LinearOperator<M, D> {
    return this.#A;
  }
}

class Conjugate<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #A: LinearOperator<M, D>;
  readonly #model: Workspace<M>;
  readonly #data: Workspace<D>;

  constructor(A: LinearOperator<M, D>) {
    super(A, { parts: [A] });
    this.#A = A;
    this.#model = new Workspace(A.model);
    this.#data = new Workspace(A.data);
  }

  protected override async forward(x: M, y: D): Promise<void> {
    await this.#A.matvec(this.#model.get(x.dtype).copyFrom(x).conjugate(), y);
    y.conjugate();
  }

  protected override async adjoint(y: D, x: M): Promise<void> {
    await this.#A.rmatvec(this.#data.get(y.dtype).copyFrom(y).conjugate(), x);
    x.conjugate();
  }

  override conj(): LinearOperator<M, D> {
    return this.#A;
  }
}

class Scaled<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #A: LinearOperator<M, D>;
  readonly #alpha: Scalar;
  readonly #data: Workspace<D>;

  constructor(A: LinearOperator<M, D>, alpha: Scalar) {
    const { model, data, clinear } = A;
    super({ model, data, dtype: promoteScalar(A.dtype, alpha), clinear }, { parts: [A], given: [alpha] });
    this.#A = A;
    this.#alpha = alpha;
    this.#data = new Workspace(A.data);
  }

  protected override async forward(x: M, y: D): Promise<void> {
    await this.#A.matvec(x, y);
    y.scale(this.#alpha);
  }

  protected override async adjoint(y: D, x: M): Promise<void> {
    // Before the product where that is not the same as after it.
    const early = !this.clinear && typeof this.#alpha !== "number";
    const scaled = early ? this.#data.get(y.dtype).copyFrom(y).scale(conj(this.#alpha)) : y;
    await this.#A.rmatvec(scaled, x);
    if (!early) x.scale(conj(this.#alpha));
  }
}

class Sum<M extends Vector<M>, D extends Vector<D>> extends LinearOperator<M, D> {
  readonly #A: LinearOperator<M, D>;
  readonly #B: LinearOperator<M, D>;
  readonly #model: Workspace<M>;
  readonly #data: Workspace<D>;

  constructor(A: LinearOperator<M, D>, B: LinearOperator<M, D>) {
    if (!A.model.equals(B.model) || !A.data.equals(B.data)) {
      throw new RangeError(`add: ${A.toString()} and ${B.toString()}; spaces of a sum must be the same`);
    }
    const [dtype, clinear] = [promote(A.dtype, B.dtype), A.clinear && B.clinear];
    super({ model: A.model, data: A.data, dtype, clinear }, { parts: [A, B] });
    this.#A = A;
    this.#B = B;
    this.#model = new Workspace(A.model);
    this.#data = new Workspace(A.data);
  }

  protected override async forward(x: M, y: D): Promise<void> {
    await this.#A.matvec(x, y);
    y.axpy(1, await this.#B.matvec(x, this.#data.get(y.dtype)));
  }

  protected override async adjoint(y: D, x: M): Promise<void> {
    await this.#A.rmatvec(y, x);
    x.axpy(1, await this.#B.rmatvec(y, this.#model.get(x.dtype)));
  }
}

class Product<N extends Vector<N>, M extends Vector<M>, D extends Vector<D>> extends LinearOperator<N, D> {
  readonly #outer: LinearOperator<M, D>;
  readonly #inner: LinearOperator<N, M>;
  readonly #between: Workspace<M>;

  constructor(outer: LinearOperator<M, D>, inner: LinearOperator<N, M>) {
    if (!outer.model.equals(inner.data)) {
      throw new RangeError(
        `compose: the inner operator gives ${inner.data.toString()}, the outer one takes ${outer.model.toString()}`,
      );
    }
    const dtype = promote(outer.dtype, inner.dtype);
    const clinear = outer.clinear && inner.clinear;
    super({ model: inner.model, data: outer.data, dtype, clinear }, { parts: [outer, inner] });
    this.#outer = outer;
    this.#inner = inner;
    this.#between = new Workspace(inner.data);
  }

  protected override async forward(x: N, y: D): Promise<void> {
    await this.#outer.matvec(await this.#inner.matvec(x, this.#between.get(y.dtype)), y);
  }

  protected override async adjoint(y: D, x: N): Promise<void> {
    await this.#inner.rmatvec(await this.#outer.rmatvec(y, this.#between.get(x.dtype)), x);
  }
}

class Power<M extends Vector<M>> extends LinearOperator<M, M> {
  readonly #A: LinearOperator<M, M>;
  readonly #exponent: number;
  readonly #between: readonly [Workspace<M>, Workspace<M>];

  constructor(A: LinearOperator<M, M>, exponent: number) {
    if (!A.model.equals(A.data)) throw new RangeError(`power: ${A.toString()} is not square`);
    if (!Number.isSafeInteger(exponent) || exponent < 0) {
      throw new RangeError(`power: exponent ${exponent}; use an integer from 0 on`);
    }
    super(A, { parts: [A], given: [exponent] });
    this.#A = A;
    this.#exponent = exponent;
    this.#between = [new Workspace(A.model), new Workspace(A.model)];
  }

  protected override forward(x: M, y: M): Promise<void> {
    return this.#repeat(x, y, (input, output) => this.#A.matvec(input, output));
  }

  protected override adjoint(y: M, x: M): Promise<void> {
    return this.#repeat(y, x, (input, output) => this.#A.rmatvec(input, output));
  }

  async #repeat(x: M, y: M, apply: (x: M, y: M) => PromiseLike<M>): Promise<void> {
    if (this.#exponent === 0) y.copyFrom(x);
    let input = x;
    for (let k = 1; k <= this.#exponent; k++) {
      const output = k === this.#exponent ? y : this.#between[k % 2].get(y.dtype);
      input = await apply(input, output);
    }
  }
}
