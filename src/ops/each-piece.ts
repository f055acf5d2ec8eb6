import type { BlockVector } from "../array/blocks.js";
import type { LocalArray } from "../array/local-array.js";
import { pieces } from "./basic/pieces.js";
import type { LinearOperator } from "./linear-operator.js";
import type { Direction } from "./operator-tree.js";

export type LocalOperator = LinearOperator<LocalArray, LocalArray>;

/** A local operator that multiplies many pieces, which follow one another in an array, in fewer steps than one by one. */
export interface TakesMany {
  /** The products with `count` pieces. Arrays are of one dtype, to which that of the operator promotes. */
  applyToEach(direction: Direction, count: number, input: LocalArray, output: LocalArray): void;
}

/** The products of a local operator with each of `count` pieces of a block, one after the other. */
export function eachPiece(op: LocalOperator, count: number) {
  const every = (dims: readonly number[]) => new Array<readonly number[]>(count).fill(dims);
  const items = (x: BlockVector<unknown>, y: BlockVector<unknown>) =>
    [pieces(x.block, every(op.dims)), pieces(y.block, every(op.dimsd))] as const;
  return {
    async forward(x: BlockVector<unknown>, y: BlockVector<unknown>): Promise<void> {
      if (takesMany(op)) return op.applyToEach("matvec", count, x.block, y.block);
      const [models, datas] = items(x, y);
      for (let k = 0; k < count; k++) await op.matvec(models[k], datas[k]);
    },
    async adjoint(y: BlockVector<unknown>, x: BlockVector<unknown>): Promise<void> {
      if (takesMany(op)) return op.applyToEach("rmatvec", count, y.block, x.block);
      const [models, datas] = items(x, y);
      for (let k = 0; k < count; k++) await op.rmatvec(datas[k], models[k]);
    },
  };
}

function takesMany(op: object): op is TakesMany {
  return "applyToEach" in op;
}
