import { nativeContext } from "../context-id.js";
import type { Engine } from "../engine.js";
import { NO_SIGNATURE } from "../matching.js";
import type { NativeCollectives, NativeGroup } from "../transports/transport.js";
import type { Members } from "./call.js";

/** What ranks tell each other before a collective of the transport's own; see native.ts. */
export const Note = {
  /** This rank has called it. */
  called: 1,
  /** All have, so all begin it. */
  all: 2,
  nobody: 3,
  /** No other group is made on the ranks before this one. */
  token: 4,
  /** Nor on any: they make it now. */
  join: 5,
} as const;

/**
 * Makes the transport's group of a communicator, which blocks every member until all have come to it.
 *
 * Members of two communicators must not wait for each other crosswise. So a token goes through them by ascending ranks
 * of the world: who has it lets no other group be made here until this one is. The last one tells all to begin: 2 (size −
 * 1) messages, in size rounds, once a communicator.
 */
export class Joining {
  readonly #members: Members;
  readonly #transport: NativeCollectives;
  readonly #joined: (group: NativeGroup) => void;
  /** Members by ascending ranks of the world, and this rank's place among them. */
  readonly #order: readonly number[];
  readonly #place: number;
  #isMet = false;
  #hasToken: boolean;
  #hasAsked = false;
  /** Messages that are still to leave before this rank may block. */
  #unsent = 0;

  constructor(members: Members, transport: NativeCollectives, joined: (group: NativeGroup) => void) {
    const { ranks, rank } = members;
    this.#members = members;
    this.#transport = transport;
    this.#joined = joined;
    this.#order = [...ranks.keys()].sort((a, b) => ranks[a] - ranks[b]);
    this.#place = this.#order.indexOf(rank);
    this.#hasToken = this.#place === 0;
  }

  /** This rank has something to begin. */
  meet(): void {
    this.#isMet = true;
    this.#askForTurn();
  }

  /** Another rank says something of the group. */
  hear(note: number): void {
    if (note === Note.join) return this.#join();
    this.#hasToken = true;
    this.#askForTurn();
  }

  #askForTurn(): void {
    if (!this.#isMet || !this.#hasToken || this.#hasAsked) return;
    this.#hasAsked = true;
    enter(this.#members.engine, () => this.#pass());
  }

  /** It is this rank's turn. */
  #pass(): void {
    const last = this.#order.length - 1;
    if (this.#place < last) return this.#tell(this.#place + 1, Note.token);
    this.#unsent = last;
    for (let place = 0; place < last; place++)
      this.#tell(place, Note.join, () => {
        if (--this.#unsent === 0) this.#join();
      });
  }

  #join(): void {
    const group = this.#transport.join(this.#members.ranks);
    leave(this.#members.engine);
    this.#joined(group);
  }

  #tell(place: number, note: number, sent?: () => void): void {
    const { engine, id, ranks, rank } = this.#members;
    const address = { dest: ranks[this.#order[place]], context: nativeContext(id), source: rank, tag: 0 };
    engine.post(address, note, NOTHING, NO_SIGNATURE, sent);
  }
}

const NOTHING = new Uint8Array(0);

/** Those who make a group on this rank, or wait for their turn, in order. */
const turns = new WeakMap<Engine, (() => void)[]>();

/** Calls back when it is the caller's turn, until `leave`. */
function enter(engine: Engine, go: () => void): void {
  const queue = turns.get(engine) ?? [];
  turns.set(engine, queue);
  if (queue.push(go) === 1) go();
}

function leave(engine: Engine): void {
  const queue = turns.get(engine);
  queue?.shift();
  queue?.[0]?.();
}
