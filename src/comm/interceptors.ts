import type { CartCommunicator, GraphCommunicator } from "./api/topologies.js";
import type { CallInfo, Interception, Interceptor } from "./api/interception.js";
import type { Request, Status } from "./types.js";

/** What is intercepted: whatever communicates, or makes a communicator. */
const CALLS = [
  ...(["send", "recv", "sendrecv", "sendrecvReplace", "probe", "mprobe", "iprobe", "improbe"] as const),
  ...(["flushBuffer", "sendInit", "recvInit", "allreduceInit", "neighborAlltoallInit"] as const),
  ...(["barrier", "bcast", "gather", "scatter", "allgather", "alltoall", "alltoallw"] as const),
  ...(["reduce", "allreduce", "scan", "exscan", "reduceScatter"] as const),
  ...(["neighborAllgather", "neighborAlltoall", "neighborAlltoallw"] as const),
  ...([
    "split",
    "splitNode",
    "splitLeaders",
    "create",
    "createGroup",
    "dup",
    "cart",
    "sub",
    "graph",
  ] as const),
  ...([
    "createWindow",
    "allocateShared",
    "allocateWindow",
    "counter",
    "mutex",
    "sequential",
    "syncedTime",
  ] as const),
] as const satisfies readonly (keyof CartCommunicator | keyof GraphCommunicator)[];

interface Intercepted extends Interception {
  readonly name: string;
  readonly rank: number;
}
type Method = (...args: readonly unknown[]) => unknown;

/**
 * Puts interceptors around the calls of one communicator, on that very object: others, and this one before and after,
 * run what they always run.
 */
export class Interceptors {
  readonly #target: Intercepted;
  #list: readonly Interceptor[] = [];
  /** A call is being started; what it calls itself is its own affair. */
  #inside = false;

  constructor(target: Intercepted) {
    this.#target = target;
  }

  add(interceptor: Interceptor): Disposable {
    if (this.#list.length === 0) for (const op of CALLS) this.#wrap(op);
    this.#list = [...this.#list, interceptor];
    return { [Symbol.dispose]: () => this.#remove(interceptor) };
  }

  #remove(interceptor: Interceptor): void {
    if (!this.#list.includes(interceptor)) return;
    this.#list = this.#list.filter((other) => other !== interceptor);
    if (this.#list.length > 0) return;
    for (const op of CALLS) if (wrappers.has(own(this.#target, op))) Reflect.deleteProperty(this.#target, op);
  }

  #wrap(op: string): void {
    const method: unknown = Reflect.get(this.#target, op);
    if (typeof method !== "function") return; // one of another kind of communicator
    const value = (...args: readonly unknown[]): unknown => this.#call(op, method as Method, args);
    wrappers.add(value);
    Object.defineProperty(this.#target, op, { value, configurable: true });
  }

  #call(op: string, method: Method, args: readonly unknown[]): unknown {
    const target = this.#target;
    if (this.#inside) return method.call(target, ...args);
    const call: Started = { op, comm: target.name, rank: target.rank, args, startedAt: performance.now() };
    const list = this.#list;
    for (const interceptor of list) interceptor.before?.(call);
    const after = (result: unknown): void => {
      // What is made of this communicator is intercepted like it.
      if (isCommunicator(result) && result !== target)
        for (const interceptor of list) result.use(interceptor);
      for (const interceptor of list) interceptor.after?.(call, result);
    };
    const failed = (error: unknown): void => {
      for (const interceptor of list) interceptor.error?.(call, error);
    };
    let result: unknown;
    this.#inside = true;
    try {
      result = method.call(target, ...args);
    } catch (error) {
      failed(error);
      throw error;
    } finally {
      this.#inside = false;
    }
    const awaited = (): void => void (call.awaitedAt = performance.now());
    if (isRequest(result)) return new Observed(result, awaited, after, failed);
    after(result);
    return result;
  }
}

type Started = CallInfo & { awaitedAt?: number };

const wrappers = new WeakSet<object>();

function own(target: object, name: string): object {
  const value: unknown = Object.getOwnPropertyDescriptor(target, name)?.value;
  return typeof value === "function" ? value : {};
}

/** A request that says what came of it when it is awaited. */
class Observed<T> implements Request<T> {
  readonly #request: Request<T>;
  readonly #awaited: () => void;
  readonly #after: (result: T) => void;
  readonly #failed: (error: unknown) => void;
  #outcome: Promise<T> | undefined;

  constructor(
    request: Request<T>,
    awaited: () => void,
    after: (result: T) => void,
    failed: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#awaited = awaited;
    this.#after = after;
    this.#failed = failed;
  }

  get status(): Status | undefined {
    return this.#request.status;
  }

  test(): boolean {
    return this.#request.test();
  }

  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return (this.#outcome ??= this.#observe()).then(onValue, onError);
  }

  async #observe(): Promise<T> {
    let result: T;
    this.#awaited();
    try {
      result = await this.#request;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
    this.#after(result);
    return result;
  }
}

function isRequest(value: unknown): value is Request<unknown> {
  return typeof value === "object" && value !== null && "then" in value && "test" in value;
}

function isCommunicator(value: unknown): value is Interception {
  return typeof value === "object" && value !== null && "use" in value && "barrier" in value;
}
