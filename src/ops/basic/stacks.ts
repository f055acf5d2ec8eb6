import { Distribution } from "../../array/distribution.js";
import { promote } from "../../array/dtype.js";
import { type StackedArray, StackedSpace } from "../../array/stacked-array.js";
import type { AnyVector, Space, Vector } from "../../array/vector.js";
import { checkOperators } from "../check-arguments.js";
import type { LocalOperator } from "../each-piece.js";
import { distributionOf } from "./block-space.js";
import { amongDistributed, LinearOperator } from "../linear-operator.js";
import { Workspace } from "../workspace.js";

/** Of a stack: an operator of its kind, or a local one, which becomes one of distributed arrays if others are. */
export type Part<M extends Vector<M>, D extends Vector<D>> = LinearOperator<M, D> | LocalOperator;

/**
 * Operators on one model, their data stacked: y = (A₀ x, A₁ x, …). Adjoint: x = Σ Aᵢᴴ yᵢ.
 *
 * Parts may be local or distributed, and stacks themselves. Local ones among distributed ones act on every item of the
 * model, or on every block, as in sums. Communicates what its parts do, nothing of its own. For operators of which every rank has its own, see {@link acrossRanks}.
 */
export class VStack<M extends Vector<M>, D extends AnyVector & Vector<D>> extends LinearOperator<
  M,
  StackedArray<D>
> {
  declare readonly parts: readonly LinearOperator<M, D>[];
  readonly #model: Workspace<M>;

  /** @throws {RangeError} If there is no operator, or the model spaces differ. */
  constructor(given: readonly Part<M, D>[]) {
    const parts = inOneKind("VStack", given, "model");
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
  declare readonly parts: readonly LinearOperator<M, D>[];
  readonly #adjoints: VStack<D, M>;

  /** @throws {RangeError} If there is no operator, or the data spaces differ. */
  constructor(given: readonly Part<M, D>[]) {
    const parts = inOneKind("HStack", given, "data");
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

/**
 * Operators on a stacked model, each on its own member: yᵢ = Aᵢ xᵢ. The member of a local one among distributed ones is
 * replicated.
 */
export class BlockDiag<
  M extends AnyVector & Vector<M>,
  D extends AnyVector & Vector<D>,
> extends LinearOperator<StackedArray<M>, StackedArray<D>> {
  declare readonly parts: readonly LinearOperator<M, D>[];

  /** @throws {RangeError} If there is no operator. */
  constructor(given: readonly Part<M, D>[]) {
    const parts = inOneKind<M, D>("BlockDiag", given);
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

/** At least one part; if some are distributed, all of them. @param side - The space that all have in common, if any. */
function inOneKind<M extends Vector<M>, D extends Vector<D>>(
  where: string,
  parts: readonly Part<M, D>[],
  side?: "model" | "data",
): LinearOperator<M, D>[] {
  checkOperators(where, parts);
  if (parts.length === 0) throw new RangeError(`${where}: no operators; give one at least`);
  const spaces = parts.flatMap((part) => [part[side ?? "model"], part[side ?? "data"]]);
  const space = spaces.map(distributionOf).find((distribution) => distribution);
  const lifted = parts.map((part) => {
    if (!space) return part;
    const common = side ? space : new Distribution(space.comm, part.dims, { replicated: true });
    return amongDistributed(where, part, side ?? "model", common);
  });
  return lifted as LinearOperator<M, D>[]; // now of the kind of the distributed ones
}

function checkSame(where: string, spaces: readonly Space<unknown>[]): void {
  const odd = spaces.findIndex((space) => !space.equals(spaces[0]));
  if (odd < 0) return;
  throw new RangeError(
    `${where} of operator 0 is ${spaces[0].toString()}, of operator ${odd} ${spaces[odd].toString()}; make them equal`,
  );
}
