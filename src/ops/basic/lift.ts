import type { DistributedArray } from "../../array/distributed-array.js";
import { Distribution } from "../../array/distribution.js";
import type { DType } from "../../array/dtype.js";
import { LocalArray } from "../../array/local-array.js";
import { checkKind } from "../../options.js";
import { checkOperator } from "../check-arguments.js";
import { checkOptions } from "../check-options.js";
import { LinearOperator } from "../linear-operator.js";
import type { Direction } from "../operator-tree.js";

export interface LiftOptions {
  /** Where the results live; default: where the model lives. */
  data?: Distribution;
  /** Equal on all ranks; default: that of the local operator. */
  dtype?: DType;
}

/**
 * A local operator on every rank's block of a distributed array; each rank gives its own. Blocks are reshaped to the
 * dims of the operator, so their sizes must agree, not their shapes.
 *
 * What comes out of it depends on where model and data live. Both split: a block diagonal, no messages. A replicated
 * model and split data: a vertical stack; the adjoint adds up over the ranks, in one allreduce of the model. Split
 * model, replicated data: a horizontal stack; the forward is one allreduce of the data.
 *
 * @throws {RangeError} If the operator does not fit this rank's blocks.
 */
export function lift(
  op: LinearOperator<LocalArray, LocalArray>,
  model: Distribution,
  options: LiftOptions = {},
): LinearOperator<DistributedArray, DistributedArray> {
  checkOperator("lift", op);
  checkKind("lift", "model", model, Distribution);
  checkOptions("lift", options, ["data", "dtype"]);
  return new Lifted(op, model, options);
}

class Lifted extends LinearOperator<DistributedArray, DistributedArray> {
  readonly #op: LinearOperator<LocalArray, LocalArray>;
  readonly #sumsForward: boolean;
  readonly #sumsAdjoint: boolean;

  constructor(
    op: LinearOperator<LocalArray, LocalArray>,
    model: Distribution,
    { data = model, dtype = op.dtype }: LiftOptions,
  ) {
    const { comm } = model;
    const [rows, columns] = [data.sizeOf(comm.rank), model.sizeOf(comm.rank)];
    if (op.shape[0] !== rows || op.shape[1] !== columns) {
      throw new RangeError(
        `lift: an operator of shape [${op.shape.join(", ")}] on rank ${comm.rank}, whose blocks have ` +
          `${columns} elements of the model and ${rows} of the data; give an operator of shape [${rows}, ${columns}]`,
      );
    }
    super({ model, data, dtype }, { given: [], parts: [op] });
    this.#op = op;
    this.#sumsForward = data.replicated && !model.replicated;
    this.#sumsAdjoint = model.replicated && !data.replicated;
  }

  protected override sends(direction: Direction): boolean {
    return direction === "matvec" ? this.#sumsForward : this.#sumsAdjoint;
  }

  protected override async forward(x: DistributedArray, y: DistributedArray): Promise<void> {
    await this.#op.matvec(x.block.reshape(this.#op.dims), y.block.reshape(this.#op.dimsd));
    if (this.#sumsForward) await addUp(y);
  }

  protected override async adjoint(y: DistributedArray, x: DistributedArray): Promise<void> {
    await this.#op.rmatvec(y.block.reshape(this.#op.dimsd), x.block.reshape(this.#op.dims));
    if (this.#sumsAdjoint) await addUp(x);
  }
}

async function addUp({ distribution: { comm }, local }: DistributedArray): Promise<void> {
  if (comm.size > 1) await comm.allreduce(local, { op: "sum", into: local });
}
