import type { BlockVector } from "../array/blocks.js";
import type { LocalArray } from "../array/local-array.js";
import { pieces } from "./basic/pieces.js";
import type { LinearOperator } from "./linear-operator.js";

export type LocalOperator = LinearOperator<LocalArray, LocalArray>;

/** The products of a local operator with each of `count` pieces of a block, one after the other. */
export function eachPiece(op: LocalOperator, count: number) {
  const every = (dims: readonly number[]) => new Array<readonly number[]>(count).fill(dims);
  const items = (x: BlockVector<unknown>, y: BlockVector<unknown>) =>
    [pieces(x.block, every(op.dims)), pieces(y.block, every(op.dimsd))] as const;
  return {
    async forward(x: BlockVector<unknown>, y: BlockVector<unknown>): Promise<void> {
      const [models, datas] = items(x, y);
      for (let k = 0; k < count; k++) await op.matvec(models[k], datas[k]);
    },
    async adjoint(y: BlockVector<unknown>, x: BlockVector<unknown>): Promise<void> {
      const [models, datas] = items(x, y);
      for (let k = 0; k < count; k++) await op.rmatvec(datas[k], models[k]);
    },
  };
}
