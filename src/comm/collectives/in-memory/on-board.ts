import type { Engine } from "../../engine.js";
import type { Board } from "../../transports/board.js";
import type { Pollable } from "../../waiting.js";
import type { Call, Members } from "../call.js";
import { type BoardCall, EVERYBODY, NOBODY } from "./board-call.js";

/** How a failure here becomes one of all ranks. */
export type Fail = (call: Call, error: Error) => void;

/** Waits of so many looks are too short to be measured. */
const SHORT_ROUNDS = 8;

/**
 * Collectives of a communicator whose ranks share memory. Calls may overlap in the program; on the board they run one
 * after the other, step by step.
 *
 * When a collective fails on some rank, no rank can complete it, or a later one, on the board: from that one on, all
 * go on with messages.
 */
export class OnBoard implements Pollable {
  readonly board: Board;
  readonly engine: Engine;
  readonly members: Members;
  readonly #number: (call: BoardCall) => number;
  readonly #fail: Fail;
  #queue: BoardCall[] = [];
  readonly #lost: number[] = [];
  /** Number of the step under way, and whether this rank has published its contribution. */
  #step = 0;
  #published = false;
  #current: BoardCall | undefined;
  /** The first rank that has not been seen to begin the step. */
  #missing = 0;
  /** First sequence number that is not for the board any more. */
  #until = Infinity;
  #polling = false;

  /** @param number - Gives a call the next number. */
  constructor(members: Members, board: Board, number: (call: BoardCall) => number, fail: Fail) {
    this.members = members;
    this.engine = members.engine;
    this.board = board;
    this.#number = number;
    this.#fail = fail;
    members.engine.watch(this);
  }

  /** Starts a call; those before it come first. */
  start<C extends BoardCall>(call: C): C {
    call.sequence = this.#number(call);
    if (this.#current !== undefined) this.#queue.push(call);
    else {
      this.#current = call;
      this.poll();
    }
    return call;
  }

  /** Polls until the call is settled, or waiting in this way does not pay any more. */
  wait(call: BoardCall): void {
    const { engine, board } = this;
    const { transport } = engine;
    let begun = 0;
    for (let round = 1; ; round++) {
      transport.progress();
      this.poll();
      if (call.settled || !board.rest(round)) break;
      if (round % SHORT_ROUNDS !== 0) continue;
      engine.progress(); // other communicators have their boards
      if (begun === 0) begun = performance.now();
    }
    if (begun > 0) engine.statistics.waitMs += performance.now() - begun;
  }

  changed(): boolean {
    const current = this.#current;
    if (current === undefined) return false;
    if (!this.#published) return this.board.hasRoom(this.#step, current.isShort) || this.#lost.length > 0;
    if (current.needs >= 0) return this.board.hasBegun(this.#step, current.needs) || this.#lost.length > 0;
    return (
      this.#missing === this.board.size ||
      this.#lost.length > 0 ||
      this.board.hasBegun(this.#step, this.#missing)
    );
  }

  poll(): void {
    if (this.#polling) return; // a result that is read may start another call
    this.#polling = true;
    while (this.#current !== undefined && this.#advance(this.#current));
    this.#polling = false;
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
    const leaves = (queued: BoardCall): boolean => !this.takes(queued.sequence);
    const current = this.#current;
    const again = this.#queue.filter(leaves);
    this.#queue = this.#queue.filter((queued) => !leaves(queued));
    if (current !== undefined && leaves(current)) {
      again.unshift(current);
      this.#current = undefined;
    }
    for (const call of again) call.fallBack();
  }

  /** There will be no calls any more; nobody shall complete one that this rank does not. */
  revoke(error: () => Error): void {
    if (this.#current !== undefined && this.#published) this.board.revoke(this.#step);
    const calls = this.#current === undefined ? [] : [this.#current, ...this.#queue];
    this.#current = undefined;
    this.#queue = [];
    this.#until = 0;
    for (const { call } of calls) call.abort(error());
  }

  /** Goes one step on if that is possible; false if the call under way waits. */
  #advance(current: BoardCall): boolean {
    const { board } = this;
    const { signature, needs } = current;
    const step = this.#step;
    if (!this.#published) {
      if (!board.hasRoom(step, current.isShort)) return this.#waitsInVain(current, EVERYBODY);
      board.open(step, signature, current.sequence);
      current.contribute(board, step);
      this.#published = true;
      this.#missing = board.publish(step, signature, current.wakes);
    } else if (needs === EVERYBODY) this.#missing = board.missing(step, this.#missing, signature);
    let odd = board.size;
    if (needs === EVERYBODY) {
      if (this.#missing < board.size) return this.#waitsInVain(current, EVERYBODY);
      odd = board.odd;
    } else if (needs !== NOBODY) {
      if (!board.hasBegun(step, needs)) return this.#waitsInVain(current, needs);
      if (!board.agrees(step, needs, signature)) odd = needs;
    }
    if (odd < board.size && board.isRevoked(step, odd)) return false; // the news is on its way
    this.#step++;
    this.#published = false;
    try {
      if (odd < board.size) {
        const error = current.call.differs(board.signature(step, odd), odd);
        if (error !== undefined) throw error;
      }
      if (!current.advance(board, step)) {
        current.done++;
        current.isShort = false;
        return true;
      }
      this.#next();
      current.end();
    } catch (error) {
      if (this.#current === current) this.#next();
      this.#fail(current.call, error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #next(): void {
    this.#current = this.#queue.length === 0 ? undefined : this.#queue.shift();
  }

  /** Leaves the board if what is waited for will never come. Always false. */
  #waitsInVain({ sequence }: BoardCall, needs: number): false {
    if (this.#lost.length === 0) return false;
    const dead = this.#lost.some(
      (rank) => (needs === EVERYBODY || needs === rank) && !this.board.hasBegun(this.#step, rank),
    );
    if (dead) this.leave(sequence);
    return false;
  }
}
