import { MessageChannel, type MessagePort } from "node:worker_threads";
import type { CommunicatorHandle, ThreadCommunicator } from "./api/threads.js";
import type { Communicator } from "./types.js";

type CallName = Exclude<keyof ThreadCommunicator, "name" | "rank" | "size" | "close">;

/** A call, as the worker asks for it. */
interface Asked<K extends CallName = CallName> {
  readonly id: number;
  readonly name: K;
  readonly args: Parameters<ThreadCommunicator[K]>;
}

/** How it has ended. */
type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: Described });

/** An error, as it passes from thread to thread. */
interface Described {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** How the main thread makes each call. */
const CALLS: {
  readonly [K in CallName]: (
    comm: Communicator,
    ...args: Parameters<ThreadCommunicator[K]>
  ) => PromiseLike<unknown>;
} = {
  send: (comm, value, dest, options) => comm.send(value, dest, options),
  recv: (comm, options) => comm.recv(options),
  sendrecv: (comm, value, options) => comm.sendrecv(value, options),
  barrier: (comm, options) => comm.barrier(options),
  bcast: (comm, value, options) => comm.bcast(value, options),
  gather: (comm, value, options) => comm.gather(value, options),
  scatter: (comm, values, options) => comm.scatter(values, options),
  allgather: (comm, value, options) => comm.allgather(value, options),
  alltoall: (comm, values, options) => comm.alltoall(values, options),
  reduce: (comm, value, options) => comm.reduce(value, options),
  allreduce: (comm, value, options) => comm.allreduce(value, options),
  scan: (comm, value, options) => comm.scan(value, options),
  exscan: (comm, value, options) => comm.exscan(value, options),
};

/** The main thread's end: makes the calls of a worker thread as they come. See {@link Threads.transfer}. */
export function transfer(comm: Communicator): CommunicatorHandle {
  const { port1: own, port2: port } = new MessageChannel();
  own.on("message", (asked: Asked) => {
    perform(comm, asked).then(
      (value) => answer(own, { id: asked.id, value }),
      (error: unknown) => answer(own, { id: asked.id, error: describe(error) }),
    );
  });
  own.unref(); // the worker keeps the process alive
  return { port, name: comm.name, rank: comm.rank, size: comm.size };
}

async function perform<K extends CallName>(comm: Communicator, { name, args }: Asked<K>): Promise<unknown> {
  return CALLS[name](comm, ...args);
}

function answer(port: MessagePort, outcome: Answer): void {
  try {
    port.postMessage(outcome);
  } catch (error) {
    port.postMessage({ id: outcome.id, error: describe(error) } satisfies Answer); // it cannot be cloned
  }
}

function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, message, stack };
}

/**
 * The worker thread's end of a communicator whose handle it was given. Once for each handle. Local.
 *
 * ```ts
 * const comm = attach(workerData);
 * const sum = await comm.allreduce(1);
 * ```
 */
export function attach(handle: CommunicatorHandle): ThreadCommunicator {
  return new Attached(handle);
}

class Attached implements ThreadCommunicator {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  constructor({ port, name, rank, size }: CommunicatorHandle) {
    this.#port = port;
    this.name = name;
    this.rank = rank;
    this.size = size;
    port.on("message", (answer: Answer) => this.#settle(answer));
    port.on("close", () => this.#end());
    port.unref(); // a thread that waits for nothing ends
  }

  send(...args: Parameters<ThreadCommunicator["send"]>): Promise<void> {
    return this.#ask("send", args);
  }

  barrier(...args: Parameters<ThreadCommunicator["barrier"]>): Promise<void> {
    return this.#ask("barrier", args);
  }

  recv<T>(...args: Parameters<ThreadCommunicator["recv"]>): Promise<T> {
    return this.#ask("recv", args);
  }

  sendrecv<T>(...args: Parameters<ThreadCommunicator["sendrecv"]>): Promise<T> {
    return this.#ask("sendrecv", args);
  }

  bcast<T>(...args: Parameters<ThreadCommunicator["bcast"]>): Promise<T> {
    return this.#ask("bcast", args);
  }

  gather<T>(...args: Parameters<ThreadCommunicator["gather"]>): Promise<T[] | undefined> {
    return this.#ask("gather", args);
  }

  scatter<T>(...args: Parameters<ThreadCommunicator["scatter"]>): Promise<T> {
    return this.#ask("scatter", args);
  }

  allgather<T>(...args: Parameters<ThreadCommunicator["allgather"]>): Promise<T[]> {
    return this.#ask("allgather", args);
  }

  alltoall<T>(...args: Parameters<ThreadCommunicator["alltoall"]>): Promise<T[]> {
    return this.#ask("alltoall", args);
  }

  reduce<T>(...args: Parameters<ThreadCommunicator["reduce"]>): Promise<T | undefined> {
    return this.#ask("reduce", args);
  }

  allreduce<T>(...args: Parameters<ThreadCommunicator["allreduce"]>): Promise<T> {
    return this.#ask("allreduce", args);
  }

  scan<T>(...args: Parameters<ThreadCommunicator["scan"]>): Promise<T> {
    return this.#ask("scan", args);
  }

  exscan<T>(...args: Parameters<ThreadCommunicator["exscan"]>): Promise<T | undefined> {
    return this.#ask("exscan", args);
  }

  close(): void {
    this.#port.close();
  }

  /** Rejects at once if the arguments cannot be passed to another thread. */
  #ask<T, K extends CallName>(name: K, args: Asked<K>["args"]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#calls;
      refuseInto(name, args);
      this.#port.postMessage({ id, name, args } satisfies Asked<K>);
      // What the caller says that it receives, as for `recv` itself.
      this.#waiting.set(id, { resolve: (value) => resolve(value as T), reject });
      this.#port.ref();
    });
  }

  #settle(answer: Answer): void {
    const call = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#port.unref();
    if ("error" in answer) call?.reject(Object.assign(new Error(answer.error.message), answer.error));
    else call?.resolve(answer.value);
  }

  #end(): void {
    const error = new Error(`${this.name}: the communicator is closed for this thread`);
    for (const call of this.#waiting.values()) call.reject(error);
    this.#waiting.clear();
  }
}

/** Another thread's buffer cannot be filled, unless its memory is shared; the types say so, too. */
function refuseInto(name: string, args: readonly unknown[]): void {
  const options = args.at(-1);
  if (typeof options === "object" && options !== null && "into" in options)
    throw new TypeError(`${name}: a buffer of another thread cannot be filled; take what the call returns`);
}
