import type { Counter, Mutex } from "./api/services.js";
import type { CounterOptions } from "./api/structure.js";
import type { SharedArrayConstructor, SharedWindow, Window } from "./api/windows.js";
import { describe } from "./arguments.js";
import { NO_OPTIONS } from "./call-options.js";
import { bcast } from "./collectives/bcast.js";
import type { Call } from "./collectives/call.js";
import { type SyncedTime, syncedTime } from "./collectives/synced-time.js";
import { childContext } from "./context-id.js";
import { codeOf, isTypedArray } from "./envelope.js";
import { RootCounter } from "./structure/counter.js";
import { RootMutex } from "./structure/mutex.js";
import { agree, type Proposal } from "./structure/proposals.js";
import { sequential } from "./structure/sequential.js";
import type { Service } from "./structure/service.js";
import { HostWindow, shareMemory } from "./structure/shared-window.js";
import { ActiveWindow } from "./structure/window.js";
import { checkTypes } from "./structure/window-arguments.js";
import { StructureCalls } from "./structure-calls.js";
import { Task } from "./task.js";
import type { CallOptions, Communicator, Request, RootOptions, TypedArray } from "./types.js";

/**
 * What the ranks of a communicator offer each other: windows, counters, mutexes; see api/structure.ts for what the methods do,
 * and structure/ for how.
 */
export abstract class ServiceCalls extends StructureCalls {
  createWindow<A extends TypedArray>(local: A, options: CallOptions = NO_OPTIONS): Request<Window<A>> {
    const generation = this.nextGeneration();
    return this.begin({ name: "createWindow" }, options, async (call) => {
      if (!isTypedArray(local))
        throw new TypeError(`createWindow: rank ${this.rank} passes ${describe(local)}, not a typed array`);
      // Requests of other ranks come once this one has told them of its part.
      const window = new ActiveWindow(this, childContext(this.id, generation, -3), local);
      try {
        const outcome = await agree(call, { color: 0, key: this.rank, details: window.details }, (all) =>
          checkTypes("createWindow", all),
        );
        const { members = [] } = outcome ?? {};
        const id = childContext(this.id, generation, 0);
        const inner = this.make(id, this.ranks, `window of ${this.name}`);
        window.open(
          members.map(({ details }) => details),
          inner,
        );
        return window;
      } catch (error) {
        window.free();
        throw error;
      }
    });
  }

  allocateShared<A extends TypedArray>(
    type: SharedArrayConstructor<A>,
    count: number,
    options: CallOptions = NO_OPTIONS,
  ): Request<SharedWindow<A>> {
    const propose = (): Proposal => {
      this.#checkOneHost();
      if (!Number.isSafeInteger(count) || count < 0)
        throw new RangeError(`allocateShared: count ${count} on rank ${this.rank} is no number of elements`);
      const code = codeOf(new type(new ArrayBuffer(0), 0, 0));
      return { color: 0, key: this.rank, details: [code, count] };
    };
    const made = this.splitInto(
      "allocateShared",
      options,
      propose,
      async ({ call, id, ranks, members }) => {
        const inner = this.make(id, ranks, `shared window of ${this.name}`);
        try {
          const lengths = members.map(({ details }) => details[1]);
          const memory = await shareMemory(call, HostWindow.bytes(lengths, type.BYTES_PER_ELEMENT));
          return new HostWindow(this.engine, id, inner, memory, type, lengths);
        } catch (error) {
          inner.free();
          throw error;
        }
      },
      (all) => checkTypes("allocateShared", all),
    );
    return made as Request<SharedWindow<A>>; // every rank joins
  }

  allocateWindow<A extends TypedArray>(
    type: SharedArrayConstructor<A>,
    count: number,
    options: CallOptions = NO_OPTIONS,
  ): Request<Window<A>> {
    // Among themselves, so that what follows on this communicator stays in order.
    const inner = this.duplicate();
    return new Task(this.engine, allocateWindow(inner, type, count, options));
  }

  counter(options: CounterOptions = NO_OPTIONS): Request<Counter> {
    const { root = 0, start = 0 } = options;
    const context = this.#serviceContext();
    return this.begin({ name: "counter", root }, options, async (call) => {
      if (!Number.isSafeInteger(start))
        throw new RangeError(`counter: start ${start} on rank ${this.rank} is no integer; pass one`);
      return this.#offer(call, root, new RootCounter(this, context, root, start));
    });
  }

  mutex(options: RootOptions = NO_OPTIONS): Request<Mutex> {
    const { root = 0 } = options;
    const context = this.#serviceContext();
    return this.begin({ name: "mutex", root }, options, (call) =>
      this.#offer(call, root, new RootMutex(this, context, root)),
    );
  }

  sequential<T>(section: () => T | PromiseLike<T>, options: CallOptions = NO_OPTIONS): Request<T> {
    return this.begin({ name: "sequential" }, options, (call) => sequential(call, section));
  }

  syncedTime(options: CallOptions = NO_OPTIONS): Request<SyncedTime> {
    return this.begin({ name: "syncedTime" }, options, syncedTime);
  }

  #checkOneHost(): void {
    const other = this.ranks.findIndex((_, rank) => this.hostOf(rank) !== this.hostOf(0));
    if (other < 0) return;
    throw new RangeError(
      `allocateShared: rank 0 of "${this.name}" is on host ${this.hostOf(0)} and rank ${other} on host ${this.hostOf(other)}; ` +
        `splitNode() makes communicators that can share memory`,
    );
  }

  #serviceContext(): number {
    return childContext(this.id, this.nextGeneration(), -3);
  }

  /** A service can be asked once its root has it; the root's word is what others wait for. */
  async #offer<S extends Service>(call: Call, root: number, service: S): Promise<S> {
    try {
      await bcast(call, true, root);
      return service;
    } catch (error) {
      void service.leave();
      throw error;
    }
  }
}

/** A window on memory that the ranks of each host share; the communicator is for it alone. */
async function allocateWindow<A extends TypedArray>(
  comm: Communicator,
  type: SharedArrayConstructor<A>,
  count: number,
  options: CallOptions,
): Promise<Window<A>> {
  let node: Communicator | undefined;
  let memory: SharedWindow<A> | undefined;
  const free = (): void => {
    memory?.free();
    node?.free();
    comm.free();
  };
  try {
    node = await comm.splitNode(options);
    memory = await node.allocateShared(type, count, options);
    const window = await comm.createWindow(memory.local, options);
    (window as ActiveWindow<A>).onFree = free;
    return window;
  } catch (error) {
    free();
    throw error;
  }
}
