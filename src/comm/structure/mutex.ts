import type { Lock, Mutex } from "../api/services.js";
import type { Members } from "../collectives/call.js";
import { checkCall, NO_OPTIONS } from "../call-options.js";
import type { CallOptions, Request } from "../types.js";
import { FIRST_VERB, type Query, Service } from "./service.js";

const LOCK = FIRST_VERB;
const UNLOCK = FIRST_VERB + 1;

/** A queue at the root: the first in it has the lock, and is told so. */
export class RootMutex extends Service implements Mutex {
  readonly #root: number;
  #queue: Query[] = [];

  constructor(members: Members, context: number, root: number) {
    super(members, context, "mutex");
    this.#root = root;
    this.begin();
  }

  lock(options: CallOptions = NO_OPTIONS): Request<Lock> {
    checkCall(this.members, "lock", options);
    const unlock = (): void => this.tell(this.#root, UNLOCK, 0);
    const result = (): Lock => new Held(unlock);
    return this.ask(this.#root, { op: "lock", verb: LOCK, result, options, late: unlock });
  }

  free(): void {
    void this.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.free();
  }

  protected override serve(query: Query): void {
    if (query.verb === LOCK) {
      this.#queue.push(query);
      if (this.#queue.length === 1) this.answer(query);
    } else if (this.#queue.at(0)?.source === query.source) {
      this.#queue.shift();
      this.#grant();
    }
  }

  /** Whoever goes while it holds the lock, or waits for it, gives it up. */
  protected override leaves(rank: number): void {
    const [holder, ...waiting] = this.#queue;
    if (holder === undefined) return;
    const stays = ({ source }: Query): boolean => source !== rank;
    for (const query of waiting) if (!stays(query)) this.refuse(query, "freed while it was waited for");
    this.#queue = [holder, ...waiting].filter(stays);
    if (!stays(holder)) this.#grant();
  }

  #grant(): void {
    const next = this.#queue.at(0);
    if (next !== undefined) this.answer(next);
  }
}

class Held implements Lock {
  #release: (() => void) | undefined;

  constructor(release: () => void) {
    this.#release = release;
  }

  unlock(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.unlock();
  }
}
