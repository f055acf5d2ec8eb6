import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import type { OpName, TypedArray } from "../../types.js";
import { copyInto } from "../buffers.js";
import { scan } from "../scan.js";
import type { OnBoard } from "./on-board.js";
import { BoardReduction } from "./reduction.js";

/** One step: every rank reduces what those before it have laid out. Only for vectors that fit on the board. */
export class BoardScan extends BoardReduction {
  readonly #exclusive: boolean;
  readonly #isFirst: boolean;

  constructor(
    onBoard: OnBoard,
    signature: Signature,
    x: TypedArray,
    op: OpName,
    exclusive: boolean,
    out: TypedArray | undefined,
    finish: (out: TypedArray) => unknown,
  ) {
    super(onBoard, signature, x, op, out, finish);
    this.#exclusive = exclusive;
    this.#isFirst = onBoard.board.rank === 0;
  }

  advance(board: Board, step: number): boolean {
    const ranks = board.rank + (this.#exclusive ? 0 : 1);
    if (ranks > 0 && this.out !== undefined) this.reduceInto(this.out, board, step, 0, ranks);
    return true;
  }

  override result(): unknown {
    return this.#exclusive && this.#isFirst ? undefined : super.result();
  }

  async withMessages(): Promise<unknown> {
    const work = this.x.slice();
    const before = await scan(this.call, work, this.op);
    const reduced = this.#exclusive ? before : work;
    if (reduced === undefined || this.out === undefined) return undefined;
    copyInto(this.out, reduced);
    return this.result();
  }
}
