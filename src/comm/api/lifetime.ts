import type { Communicator } from "../types.js";

/** What a communicator tells those who keep something for it; see Attribute. */
export interface Lifetime {
  /**
   * Calls back with every duplicate that is made of this communicator, before `dup` returns it. If a handler throws, the
   * duplicate is freed and `dup` throws the same. Local.
   */
  onDup(handler: (copy: Communicator) => void): Disposable;
  /**
   * Calls back when this rank frees the communicator, as long as it can still be used; the latest handler first. What one
   * throws, `free` throws when all have run and the communicator is freed. The world and `self` are never freed. Local.
   */
  onFree(handler: () => void): Disposable;
}
