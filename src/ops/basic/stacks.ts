import { promote } from "../../array/dtype.js";
import { type StackedArray, StackedSpace } from "../../array/stacked-array.js";
import type { AnyVector, Space, Vector } from "../../array/vector.js";
import { LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";

/** An operator with vectors of any kind on the side that is stacked. */
type Part<M extends Vector<M>, D extends Vector<D>> = LinearOperator<M, D>;

/**
 * Operators on one model, their data stacked: y = (A₀ x, A₁ x, …). Adjoint: x = Σ Aᵢᴴ yᵢ.
 *
 * Parts may be local or distributed, and stacks themselves. Communicates what its parts do, nothing of its own.
 * For operators of which every rank has its own, see {@link acrossRanks}.
 */
export class VStack<M extends Vector<M>, D extends AnyVector & Vector<D>> extends LinearOperator<
  M,
  StackedArray<D>
> {
  declare readonly parts: readonly Part<M, D>[];
  readonly #model: Workspace<M>;

  /** @throws {RangeError} If there is no operator, or the model spaces differ. */
  constructor(parts: readonly Part<M, D>[]) {
    checkParts("VStack", parts);
    const { model } = parts[0];
    checkSame(
      "VStack: model",
      parts.map((part) => part.model),
    );
    const data = new StackedSpace(parts.map((part) => part.data));
    super({ model, data, dtype: dtypeOf(parts) }, { parts });
    this.#model = new Workspace(model);
  }

  protected override async forward(x: M, y: StackedArray<D>): Promise<void> {
    for (const [i, part] of this.parts.entries()) await part.matvec(x, y.members[i]);
  }

  protected override async adjoint(y: StackedArray<D>, x: M): Promise<void> {
    for (const [i, part] of this.parts.entries()) {
      if (i === 0) await part.rmatvec(y.members[i], x);
      else x.axpy(1, await part.rmatvec(y.members[i], this.#model.get(x.dtype)));
    }
  }
}

/** Operators side by side on a stacked model, their data added: y = Σ Aᵢ xᵢ. The adjoint of a {@link VStack}. */
export class HStack<M extends AnyVector & Vector<M>, D extends Vector<D>> extends LinearOperator<
  StackedArray<M>,
  D
> {
  declare readonly parts: readonly Part<M, D>[];
  readonly #adjoints: VStack<D, M>;

  /** @throws {RangeError} If there is no operator, or the data spaces differ. */
  constructor(parts: readonly Part<M, D>[]) {
    checkParts("HStack", parts);
    checkSame(
      "HStack: data",
      parts.map((part) => part.data),
    );
    const adjoints = new VStack(parts.map((part) => part.H));
    super({ model: adjoints.data, data: adjoints.model, dtype: adjoints.dtype }, { parts });
    this.#adjoints = adjoints;
  }

  protected override forward(x: StackedArray<M>, y: D): Promise<D> {
    return this.#adjoints.rmatvec(x, y);
  }

  protected override adjoint(y: D, x: StackedArray<M>): Promise<StackedArray<M>> {
    return this.#adjoints.matvec(y, x);
  }
}

/** Operators on a stacked model, each on its own member: yᵢ = Aᵢ xᵢ. */
export class BlockDiag<
  M extends AnyVector & Vector<M>,
  D extends AnyVector & Vector<D>,
> extends LinearOperator<StackedArray<M>, StackedArray<D>> {
  declare readonly parts: readonly Part<M, D>[];

  /** @throws {RangeError} If there is no operator. */
  constructor(parts: readonly Part<M, D>[]) {
    checkParts("BlockDiag", parts);
    const model = new StackedSpace(parts.map((part) => part.model));
    const data = new StackedSpace(parts.map((part) => part.data));
    super({ model, data, dtype: dtypeOf(parts) }, { parts });
  }

  protected override async forward(x: StackedArray<M>, y: StackedArray<D>): Promise<void> {
    for (const [i, part] of this.parts.entries()) await part.matvec(x.members[i], y.members[i]);
  }

  protected override async adjoint(y: StackedArray<D>, x: StackedArray<M>): Promise<void> {
    for (const [i, part] of this.parts.entries()) await part.rmatvec(y.members[i], x.members[i]);
  }
}

function dtypeOf(parts: readonly { readonly dtype: LinearOperator<never, never>["dtype"] }[]) {
  return parts.map((part) => part.dtype).reduce(promote);
}

function checkParts(where: string, parts: readonly unknown[]): void {
  if (parts.length === 0) throw new RangeError(`${where}: no operators; give one at least`);
}

function checkSame(where: string, spaces: readonly Space<unknown>[]): void {
  const odd = spaces.findIndex((space) => !space.equals(spaces[0]));
  if (odd < 0) return;
  throw new RangeError(
    `${where} of operator 0 is ${spaces[0].toString()}, of operator ${odd} ${spaces[odd].toString()}; make them equal`,
  );
}
