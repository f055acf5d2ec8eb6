import { checkOptions } from "../../options.js";
import type { Communicator } from "../types.js";

export interface AttributeOptions<T> {
  /**
   * The value of a duplicate, when `dup` makes it; `undefined` for none. Default: duplicates have none. To share the value
   * itself: `(value) => value`.
   */
  copy?: (value: T, from: Communicator, to: Communicator) => T | undefined;
  /** Lets go of a value: its communicator is being freed, or the value is replaced or deleted. */
  release?: (value: T, comm: Communicator) => void;
}

interface Kept<T> {
  readonly value: T;
  readonly watches: readonly Disposable[];
}

/**
 * What a library keeps with communicators that are not its own: a plan, a private duplicate, a cache. Each rank has values
 * of its own, and nobody else sees them. What MPI calls a keyval; local, all of it.
 *
 * ```ts
 * const channel = new Attribute<Communicator>({ release: (own) => own.free() });
 * const channelOf = (comm: Communicator) => channel.get(comm) ?? channel.set(comm, comm.dup());
 * ```
 *
 * @see MPI: A Message-Passing Interface Standard 4.1, section 7.7
 */
export class Attribute<T> {
  readonly #copy: AttributeOptions<T>["copy"];
  readonly #release: AttributeOptions<T>["release"];
  readonly #kept = new WeakMap<Communicator, Kept<T>>();

  constructor(options: AttributeOptions<T> = {}) {
    checkOptions("Attribute", options, ["copy", "release"]);
    this.#copy = options.copy;
    this.#release = options.release;
  }

  get(comm: Communicator): T | undefined {
    return this.#kept.get(comm)?.value;
  }

  has(comm: Communicator): boolean {
    return this.#kept.has(comm);
  }

  /**
   * Keeps a value, and releases the one before.
   *
   * @returns The value.
   * @throws {Error} If the communicator has been freed.
   */
  set(comm: Communicator, value: T): T {
    this.delete(comm);
    const freed = comm.onFree(() => void this.delete(comm));
    const copied = comm.onDup((to) => this.#copyTo(comm, to));
    this.#kept.set(comm, { value, watches: [freed, copied] });
    return value;
  }

  /** Releases the value; false if there is none. */
  delete(comm: Communicator): boolean {
    const kept = this.#kept.get(comm);
    if (kept === undefined) return false;
    this.#kept.delete(comm);
    for (const watch of kept.watches) watch[Symbol.dispose]();
    this.#release?.(kept.value, comm);
    return true;
  }

  #copyTo(from: Communicator, to: Communicator): void {
    const kept = this.#kept.get(from);
    const copy = kept && this.#copy?.(kept.value, from, to);
    if (copy !== undefined) this.set(to, copy);
  }
}
