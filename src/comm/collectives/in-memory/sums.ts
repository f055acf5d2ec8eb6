import type { Signature } from "../../matching.js";
import type { Board } from "../../transports/board.js";
import type { TypedArray } from "../../types.js";
import { allreduce } from "../allreduce.js";
import { isReproducible } from "../signature.js";
import { exactSum } from "../exact.js";
import { BoardCall } from "./board-call.js";
import { isShort } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { reducedBy } from "./reduction.js";

/** The sum of one number of every rank: one step, and no array anywhere. */
export class BoardNumber extends BoardCall {
  override isShort = true;
  #x: number;

  constructor(onBoard: OnBoard, signature: Signature, x: number) {
    super(onBoard, signature);
    this.#x = x;
  }

  contribute(board: Board, step: number): void {
    board.putNumber(step, this.#x);
  }

  advance(board: Board, step: number): boolean {
    this.#x = isReproducible(this.signature)
      ? exactSum(Float64Array.from({ length: board.size }, (_, rank) => board.number(step, rank)))
      : board.sumOfNumbers(step);
    return true;
  }

  result(): number {
    return this.#x;
  }

  async withMessages(): Promise<number> {
    const x = Float64Array.of(this.#x);
    await allreduce(this.call, x, "sum");
    return x[0];
  }
}

/** A few doubles, bit for bit what {@link BoardAllreduce} gives: one step, and loops instead of views. */
export class BoardSum extends BoardCall {
  readonly #x: Float64Array;
  readonly #out: Float64Array;

  constructor(onBoard: OnBoard, signature: Signature, x: Float64Array, out: Float64Array) {
    super(onBoard, signature);
    this.isShort = isShort(x);
    this.#x = x;
    this.#out = out;
  }

  contribute(board: Board, step: number): void {
    board.putDoubles(step, this.#x);
  }

  advance(board: Board, step: number): boolean {
    board.sum(step, this.#out);
    return true;
  }

  result(): Float64Array {
    return this.#out;
  }

  withMessages(): PromiseLike<TypedArray> {
    return reducedBy(allreduce, this.call, this.#x, "sum", this.#out);
  }
}
