/** A call of a communicator on this rank. */
export interface CallInfo {
  /** Name of the method: `allreduce`. */
  readonly op: string;
  /** The communicator's name, and this rank in it. */
  readonly comm: string;
  readonly rank: number;
  /** As they were passed. */
  readonly args: readonly unknown[];
  /** In milliseconds, as `performance.now()`. */
  readonly startedAt: number;
  /** When its result was first awaited, likewise; `undefined` before, and for calls that are not awaited. */
  readonly awaitedAt?: number;
}

/** What is to be run around the calls of a communicator; what MPI's profiling interface is for. */
export interface Interceptor {
  /** Before the call does anything. What it throws, the call throws. */
  before?(call: CallInfo): void;
  /** When the result of the call is there and awaited; at once for calls that are not awaited. */
  after?(call: CallInfo, result: unknown): void;
  /** Before the call rejects or throws. What this throws instead takes the place of the error. */
  error?(call: CallInfo, error: unknown): void;
}

/** Watching the calls of a communicator. */
export interface Interception {
  /**
   * Has every call of this communicator on this rank, and of those that are made of it from now on, run through
   * `interceptor`; several run in the order in which they were added. Calls that a call makes itself are not its own.
   * Costs nothing where there is none. Local.
   *
   * @returns Takes it away from this communicator: `using watch = comm.use({ … })`.
   */
  use(interceptor: Interceptor): Disposable;
  /**
   * Calls back before a call rejects: to log, to clean up, to end the job (`world.abort`). The call then rejects as it
   * would have, unless `handler` throws: then with that. Short for `use({ error })`. Local.
   */
  onError(handler: (error: unknown, call: CallInfo) => void): Disposable;
}
