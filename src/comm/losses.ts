import type { Contexts } from "./contexts.js";
import { PeerLostError } from "./errors.js";
import type { Posted } from "./matching.js";
import type { Rendezvous } from "./rendezvous.js";
import { ANY_SOURCE } from "./types.js";

/** World ranks from which nothing more will come, and what ends with that. */
export class Losses {
  /** With the reason. */
  readonly peers = new Map<number, Error>();
  /** Those of them whose program has ended. */
  readonly ended = new Set<number>();
  /** Those of them that answer no more, either. */
  readonly #silent = new Set<number>();
  readonly #rank: number;
  readonly #contexts: Contexts;
  readonly #rendezvous: Rendezvous;

  constructor(rank: number, contexts: Contexts, rendezvous: Rendezvous) {
    this.#rank = rank;
    this.#contexts = contexts;
    this.#rendezvous = rendezvous;
  }

  /** The program of a rank has ended. False if nothing more was to come from it anyway. */
  end(peer: number): boolean {
    if (this.peers.has(peer)) return false;
    this.ended.add(peer);
    return this.lose(peer, new Error("which has finished"));
  }

  /** Fails what only this rank could have satisfied. False if that is known already. */
  lose(peer: number, reason: Error): boolean {
    if (this.peers.has(peer)) return false;
    this.peers.set(peer, reason);
    this.#rendezvous.lost(peer, reason);
    for (const [id, { posted, probes }] of this.#contexts.all) {
      for (const queue of [posted, probes]) {
        for (let waiting = queue.first; waiting !== undefined;) {
          const next: Posted | undefined = waiting.next;
          this.failIfLost(id, waiting);
          waiting = next;
        }
      }
    }
    for (const group of this.#contexts.groups) group.lost(peer);
    return true;
  }

  /** A rank answers no more, even if its program has ended. */
  silence(peer: number): void {
    if (this.#silent.has(peer)) return;
    this.#silent.add(peer);
    for (const group of this.#contexts.groups) group.silent?.(peer);
  }

  /** Fails a posted call that only lost peers could satisfy. */
  failIfLost(context: number, posted: Posted): void {
    const members = this.#contexts.groupOf(context)?.ranks;
    if (members === undefined || posted.settled) return;
    const candidates =
      posted.source === ANY_SOURCE ? members.filter((rank) => rank !== this.#rank) : [members[posted.source]];
    if (candidates.length === 0 || !candidates.every((rank) => this.peers.has(rank))) return;
    const [peer] = candidates;
    const reason = this.peers.get(peer);
    posted.dequeue();
    posted.fail(
      new PeerLostError(
        peer,
        `recv: waits for rank ${peer}, ${reason?.message}; this message can never arrive`,
        { cause: reason },
      ),
    );
  }
}
