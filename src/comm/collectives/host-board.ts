import type { Engine } from "../engine.js";
import { PeerLostError } from "../errors.js";
import { Operation } from "../request.js";
import type { Board } from "../transports/board.js";
import type { Pollable } from "../waiting.js";
import { SLOTS } from "../wire/segment.js";
import type { Call } from "./call.js";

/** What a step waits for: the contribution of one place, or these. */
export const EVERYBODY = -1;
export const NOBODY = -2;

/** What one rank does in a step: others see what it lays out, and it reads what it has waited for. */
export interface Step {
  /** A place among the ranks of the host, EVERYBODY or NOBODY. */
  readonly needs: number;
  readonly lay?: ((board: Board, step: number) => void) | undefined;
  readonly read?: ((board: Board, step: number) => void) | undefined;
}

/** A call of the communicator that has not ended on this rank. */
interface Running {
  readonly call: Call;
  /** Steps that it has begun, and those that it has read. */
  begun: number;
  passed: number;
}

/**
 * Memory in which the ranks of one host do their part of collectives between hosts. Every host has one for each
 * communicator, and no other host knows of it.
 *
 * Step i of call q has the number SLOTS · q + i on all ranks, whatever else they have called or left out: a call that
 * fails leaves no trace. Its contribution lies in slot i, which a rank writes again for a later call once all have read
 * it. So up to SLOTS steps of a call, and different steps of different calls, are under way at a time.
 */
export class HostBoard implements Pollable {
  readonly board: Board;
  /** Ranks in the communicator of those on this host. */
  readonly ranks: readonly number[];
  readonly #engine: Engine;
  /** In the order of their sequence numbers. */
  readonly #running: Running[] = [];
  #steps: Underway[] = [];
  /** Of each slot: the call whose contribution is in it, and the first one that this rank has not read there. */
  readonly #laid = new Int32Array(SLOTS).fill(-1);
  readonly #unread = new Int32Array(SLOTS);
  readonly #lost = new Map<number, PeerLostError>();
  #next = 0;

  constructor(engine: Engine, board: Board, ranks: readonly number[]) {
    this.board = board;
    this.ranks = ranks;
    this.#engine = engine;
    engine.watch(this);
  }

  /** A call begins on this rank. Whether or not it takes steps, later calls wait until it cannot any more. */
  begin(call: Call): void {
    this.#next = call.sequence + 1;
    this.#running.push({ call, begun: 0, passed: 0 });
    this.board.notes.note(call.sequence, call.signature);
  }

  end(call: Call): void {
    const index = this.#running.findIndex((running) => running.call === call);
    if (index < 0) return;
    this.#running.splice(index, 1);
    this.#release();
    this.poll(); // later calls may have waited for this one
  }

  /** Takes the next step of a call. */
  step(call: Call, step: Step): Operation<void> {
    const running = this.#running.find((other) => other.call === call);
    if (running === undefined || running.begun === SLOTS)
      throw new RangeError(`hosts: call ${call.sequence} takes a step too many`);
    const underway = new Underway(this.#engine, running, running.begun++, step);
    call.enlist(underway);
    this.#steps.push(underway);
    this.poll();
    return underway;
  }

  changed(): boolean {
    for (const step of this.#steps) if (step.settled || this.#canGoOn(step)) return true;
    return false;
  }

  poll(): void {
    // What one step has read another one may have waited for.
    for (let moved = true; moved && this.#steps.length > 0;) {
      moved = false;
      for (const step of this.#steps) moved = this.#advance(step) || moved;
      if (moved) this.#steps = this.#steps.filter((step) => !step.settled);
    }
  }

  /** A rank in the communicator will lay out no more, and read no more. */
  lost(rank: number, peer: number, cause: Error | undefined): void {
    const place = this.ranks.indexOf(rank);
    if (place < 0) return;
    const text = `waits for rank ${peer} on its host, ${cause?.message ?? "which is lost"}; it can never go on`;
    this.#lost.set(place, new PeerLostError(peer, text, { cause }));
    this.poll();
  }

  close(): void {
    this.#engine.unwatch(this);
    this.board.free();
  }

  /** True if anything has changed. */
  #advance(step: Underway): boolean {
    if (step.settled) return true;
    if (!this.#canGoOn(step)) return false;
    try {
      this.#goOn(step);
    } catch (error) {
      step.fail(error);
    }
    return true;
  }

  #canGoOn({ running, index, step, published, seen, number }: Underway): boolean {
    if (!published) {
      // Earlier calls come first in every slot.
      if (this.#unread[index] !== running.call.sequence) return false;
      return this.board.notes.readByAll(index, this.#laid[index], this.#lost);
    }
    if (step.needs === NOBODY) return true;
    const place = step.needs === EVERYBODY ? seen : step.needs;
    return this.board.hasBegun(number, place) || this.#lost.has(place);
  }

  #goOn(underway: Underway): void {
    const { board } = this;
    const { running, index, step, number } = underway;
    const { sequence, signature } = running.call;
    if (!underway.published) {
      board.open(number, signature, sequence);
      step.lay?.(board, number);
      this.#laid[index] = sequence;
      underway.published = true;
      board.publish(number, signature, true);
      return;
    }
    if (step.needs !== NOBODY) {
      this.#see(underway, step.needs === EVERYBODY ? underway.seen : step.needs);
      if (step.needs === EVERYBODY && ++underway.seen < board.size) return;
    }
    step.read?.(board, number);
    running.passed = index + 1;
    this.#release();
    underway.complete();
  }

  /** @throws {Error} If that place is lost, or calls something else. */
  #see({ running: { call }, number }: Underway, place: number): void {
    const { board } = this;
    if (!board.hasBegun(number, place)) throw this.#lost.get(place) ?? new Error("hosts: nothing to see");
    if (board.agrees(number, place, call.signature)) return;
    const error = call.differs(board.signature(number, place), this.ranks[place]);
    if (error !== undefined) throw error;
  }

  /** Lets others lay out something else where this rank has read. */
  #release(): void {
    let changed = false;
    for (let slot = 0; slot < SLOTS; slot++) {
      let first = this.#next;
      for (const { call, passed } of this.#running)
        if (passed <= slot) {
          first = call.sequence;
          break;
        }
      if (this.#unread[slot] === first) continue;
      this.#unread[slot] = first;
      this.board.notes.markRead(slot, first);
      changed = true;
    }
    if (changed) this.board.wakeAll();
  }
}

/** A step that is being taken. */
class Underway extends Operation<void> {
  readonly running: Running;
  readonly index: number;
  readonly step: Step;
  readonly number: number;
  published = false;
  /** So many places have been seen to take it as well. */
  seen = 0;

  constructor(engine: Engine, running: Running, index: number, step: Step) {
    super(engine);
    this.running = running;
    this.index = index;
    this.step = step;
    this.number = SLOTS * running.call.sequence + index;
  }
}
