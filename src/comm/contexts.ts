import type { Group } from "./group.js";
import { Context, type Message } from "./matching.js";
import type { Arrival } from "./arrival.js";

/** A communicator of the user's, with its ranks in the world. */
export type NamedGroup = Required<Pick<Group, "name" | "ranks">>;

/** So many freed contexts are remembered. */
const FREED_CONTEXTS = 65_536;

/** The message contexts of this rank: what waits in them, whose they are, and what has become of those that ended. */
export class Contexts {
  readonly #queues = new Map<number, Context>();
  /** The one used last. */
  #latest = { id: -1, context: new Context() };
  readonly #groups = new Map<number, Group>();
  /** What other ranks tell of communicators that they have made already and this rank has not. */
  readonly #early = new Map<number, ((group: Group) => void)[]>();
  /** Contexts of revoked communicators, with what their calls fail with. */
  readonly #revoked = new Map<number, () => Error | undefined>();
  /** Contexts of freed communicators, the latest ones: ids are never used again. */
  readonly #freed = new Set<number>();

  /** What waits in a context. */
  of(id: number): Context {
    if (id === this.#latest.id) return this.#latest.context; // mostly the same one: saves hashing it
    let context = this.#queues.get(id);
    if (context === undefined) {
      context = new Context();
      if (this.#freed.has(id)) return context;
      this.#queues.set(id, context);
    }
    this.#latest = { id, context };
    return context;
  }

  get all(): Iterable<readonly [id: number, context: Context]> {
    return this.#queues;
  }

  // --- whose they are -------------------------------------------------------------------------

  get groups(): Iterable<Group> {
    return this.#groups.values();
  }

  groupOf(id: number): Group | undefined {
    return this.#groups.get(id);
  }

  register(id: number, group: Group): void {
    this.#groups.set(id, group);
    for (const tell of this.#early.get(id) ?? []) tell(group);
    this.#early.delete(id);
  }

  /** Tells the owner of a context something, now or as soon as there is one. */
  tell(id: number, tell: (group: Group) => void): void {
    const group = this.#groups.get(id);
    if (group !== undefined) return tell(group);
    if (this.#freed.has(id)) return;
    const told = this.#early.get(id);
    if (told === undefined) this.#early.set(id, [tell]);
    else told.push(tell);
  }

  // --- their end ------------------------------------------------------------------------------

  /** False, and nothing has changed, if receives still wait in it. */
  unregister(id: number): boolean {
    const { posted, probes, arrived } = this.#queues.get(id) ?? new Context();
    if (posted.first !== undefined || probes.first !== undefined) return false;
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) arrival.drop();
    this.#queues.delete(id);
    this.#latest = { id: -1, context: new Context() };
    this.#groups.delete(id);
    this.#revoked.delete(id);
    this.#freed.add(id);
    if (this.#freed.size > FREED_CONTEXTS)
      for (const oldest of this.#freed) return this.#freed.delete(oldest);
    return true;
  }

  isFreed(id: number): boolean {
    return this.#freed.has(id);
  }

  /** Ends all that waits in a context, and says what comes to it from now on fails with. */
  revoke(id: number, error: () => Error | undefined): void {
    this.#revoked.set(id, error);
    const { posted, probes, arrived } = this.#queues.get(id) ?? new Context();
    for (const queue of [posted, probes])
      for (let waiting = queue.first; waiting !== undefined; waiting = queue.first) waiting.withdraw(error());
    for (let arrival = arrived.first; arrival !== undefined; arrival = arrived.first) {
      arrived.remove(arrival);
      arrival.discard();
    }
  }

  /** Whether any context is; spares the question which. */
  get anyRevoked(): boolean {
    return this.#revoked.size > 0;
  }

  isRevoked(id: number): boolean {
    return this.#revoked.has(id);
  }

  revocation(id: number): Error | undefined {
    return this.#revoked.get(id)?.();
  }

  // --- what is left ---------------------------------------------------------------------------

  /** What still waits in the communicators of users, receives and messages. */
  *pending(): Iterable<readonly [owner: NamedGroup, context: Context]> {
    for (const [id, context] of this.#queues) {
      const { name, ranks = [] } = this.#groups.get(id) ?? {};
      if (name !== undefined && isUsers(id)) yield [{ name, ranks }, context];
    }
  }

  /** Messages that came to a context before anyone asked for them. */
  *arrived(id: number): Iterable<Message> {
    for (let arrival = this.of(id).arrived.first; arrival !== undefined; arrival = arrival.next)
      yield arrival;
  }

  /** The same of all contexts. */
  *unreceived(): Iterable<Arrival> {
    for (const { arrived } of this.#queues.values())
      for (let arrival = arrived.first; arrival !== undefined; arrival = arrival.next) yield arrival;
  }
}

/** Contexts of collectives are odd; see context-id.ts. */
function isUsers(id: number): boolean {
  return id % 2 === 0;
}
