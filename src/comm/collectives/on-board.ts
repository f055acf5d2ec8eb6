import type { Engine } from "../engine.js";
import { combine } from "../operations.js";
import { Operation } from "../request.js";
import type { Pollable } from "../waiting.js";
import type { Board } from "../transports/board.js";
import type { OpName, TypedArray } from "../types.js";
import { SLOT_PAYLOAD_BYTES } from "../wire/segment.js";
import { allreduce } from "./allreduce.js";
import { barrier } from "./barrier.js";
import type { Call } from "./call.js";
import { copyInto } from "./gather.js";

/** Largest vector that is reduced on a board, in bytes. */
export const BOARD_PAYLOAD_BYTES = SLOT_PAYLOAD_BYTES;

const NOTHING = new Uint8Array(0);
const nothing = (): undefined => undefined;

/**
 * Barriers and small allreduces of a communicator whose ranks share memory: every rank lays its contribution on the
 * board, waits until all have, and combines them in rank order. One phase, no messages, the same bits everywhere.
 *
 * Calls may overlap in the program; on the board they run one after the other. When a collective fails on some rank,
 * no rank can complete it, or a later one, on the board: from that one on, all go on with messages.
 */
export class OnBoard implements Pollable {
  readonly board: Board;
  readonly #engine: Engine;
  readonly #size: number;
  #queue: BoardCall[] = [];
  readonly #lost: number[] = [];
  #published = 0;
  /** The call under way, and the first rank that has not been seen to publish it. */
  #current: BoardCall | undefined;
  #missing = 0;
  /** First sequence number that is not for the board any more. */
  #until = Infinity;

  constructor(engine: Engine, board: Board, size: number) {
    this.#engine = engine;
    this.board = board;
    this.#size = size;
    engine.watch(this);
  }

  barrier(call: Call): Operation<unknown> {
    return this.#start(new BoardCall(this.#engine, call, NOTHING, undefined, nothing));
  }

  /** @param x - This rank's contribution, overwritten by the result; at most BOARD_PAYLOAD_BYTES. */
  allreduce(call: Call, x: TypedArray, op: OpName, result: (x: TypedArray) => unknown): Operation<unknown> {
    return this.#start(new BoardCall(this.#engine, call, x, op, result));
  }

  changed(): boolean {
    if (this.#current === undefined) return false;
    return (
      this.#missing === this.#size ||
      this.#lost.length > 0 ||
      this.board.hasPublished(this.#published - 1, this.#missing)
    );
  }

  poll(): void {
    while (this.#current !== undefined) {
      this.#missing = this.board.missing(this.#published - 1, this.#missing);
      if (this.#missing < this.#size) {
        if (this.#lost.some((rank) => !this.board.hasPublished(this.#published - 1, rank))) {
          this.leave(this.#current.call.sequence);
        }
        return;
      }
      this.#finish(this.#current);
      this.#publishNext();
    }
  }

  /** A rank will publish no more. The first call that it has not published ends the use of the board on every rank. */
  lost(rank: number): void {
    this.#lost.push(rank);
    if (this.#current !== undefined) this.poll();
  }

  /** Whether the call with this sequence number belongs on the board. */
  takes(sequence: number): boolean {
    return sequence < this.#until;
  }

  /** From this sequence number on, calls are made with messages; those on their way are made again. */
  leave(sequence: number): void {
    this.#until = Math.min(this.#until, sequence);
    const leaves = (queued: BoardCall): boolean => !this.takes(queued.call.sequence);
    const current = this.#current;
    const again = this.#queue.filter(leaves);
    this.#queue = this.#queue.filter((queued) => !leaves(queued));
    if (current !== undefined && leaves(current)) {
      again.unshift(current);
      this.#current = undefined;
    }
    for (const call of again) call.fallBack();
  }

  #start(call: BoardCall): Operation<unknown> {
    this.#queue.push(call);
    if (this.#current === undefined) this.#publishNext();
    return call;
  }

  #publishNext(): void {
    const next = (this.#current = this.#queue.shift());
    if (next === undefined) return;
    this.#missing = this.board.publish(this.#published++, next.call.signature, next.x);
  }

  /** All ranks have published: compares what they called, and combines. */
  #finish(current: BoardCall): void {
    const { call, x, op } = current;
    const number = this.#published - 1;
    const odd = this.board.differing(number, call.signature);
    const error = odd < this.#size ? call.differs(this.board.signature(number, odd), odd) : undefined;
    if (error !== undefined) return call.abort(error);
    if (op === "sum" && x instanceof Float64Array) this.board.sum(number, x);
    else if (op !== undefined) {
      copyInto(x, this.board.payload(number, 0, x));
      for (let rank = 1; rank < this.#size; rank++) combine(op, x, this.board.payload(number, rank, x));
    }
    call.state = "done";
    current.complete(current.result(x));
  }
}

class BoardCall extends Operation<unknown> {
  readonly call: Call;
  readonly x: TypedArray;
  /** `undefined`: a barrier. */
  readonly op: OpName | undefined;
  readonly result: (x: TypedArray) => unknown;

  constructor(
    engine: Engine,
    call: Call,
    x: TypedArray,
    op: OpName | undefined,
    result: (x: TypedArray) => unknown,
  ) {
    super(engine);
    this.call = call;
    this.x = x;
    this.op = op;
    this.result = result;
    call.onBoard = this;
  }

  /** Does the same with messages. */
  fallBack(): void {
    if (this.settled) return;
    const { call, x, op } = this;
    (op === undefined ? barrier(call) : allreduce(call, x, op)).then(
      () => {
        call.state = "done";
        this.complete(this.result(x));
      },
      (error: unknown) => this.fail(error instanceof Error ? error : new Error(String(error))),
    );
  }
}
