import type { BlockVector } from "../../array/blocks.js";
import type { LocalArray } from "../../array/local-array.js";
import { Composite } from "../composite.js";
import type { LinearOperator } from "../linear-operator.js";
import { Batched } from "./batched.js";
import { spaceOf, type Where } from "./block-space.js";
import { Transpose } from "./transpose.js";
import { checkOperators } from "../check-arguments.js";

type LocalOperator = LinearOperator<LocalArray, LocalArray>;

/**
 * The Kronecker product A ⊗ B of two local operators: arrays of [A's model axes…, B's model axes…], to which B is
 * applied along the last axes and A along the first. (A ⊗ B)(u ⊗ v) = A u ⊗ B v.
 *
 * Local arrays, or arrays that are split along axes of A: then two all-to-alls, which make those of A whole and back.
 */
export class Kronecker<V extends BlockVector<V> = LocalArray> extends Composite<V, V> {
  /**
   * @param where - Default: local arrays.
   * @throws {RangeError} If its dims are not those of both models, or axes of B are split.
   */
  constructor(A: LocalOperator, B: LocalOperator, where?: Where<V>) {
    checkOperators("Kronecker", [A, B]);
    const inner = new Batched(B, spaceOf<V>(where ?? [...A.dims, ...B.dims]));
    const [a, b] = [A.dims.length, B.dimsd.length];
    const turn = new Transpose<V>(inner.data, rotated(a, b));
    const outer = new Batched(A, turn.data);
    const data = inner.data.withDims([...A.dimsd, ...B.dimsd]);
    const back = new Transpose<V>(outer.data, rotated(b, A.dimsd.length), { to: data });
    super(back.compose(outer).compose(turn).compose(inner));
  }
}

/** The order of axes that moves the first `a` of a + b axes to the end. */
function rotated(a: number, b: number): number[] {
  return Array.from({ length: a + b }, (_, axis) => (axis + a) % (a + b));
}
