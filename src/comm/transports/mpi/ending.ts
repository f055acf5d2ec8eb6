import { inspect } from "node:util";
import { PeerLostError, RemoteError } from "../../errors.js";
import type { MpiTransport } from "../mpi.js";

/** Others that wait for a rank that has finished are told after so long. */
const PATIENCE_MS = 100;
/** Collectives of MPI's that were given up get so long to come to their end. */
const ABANDONED_MS = 10_000;
/** An error that echoes another rank's leaves that rank so long to report it, which ends the job. */
const ECHO_MS = 500;
const SPIN_MS = 2;

/**
 * How a rank of a real MPI ends. At the natural end of its program it waits until every rank has come to its end, and
 * goes on moving messages and answering others until then; an uncaught error, an exit code other than 0 and `abort` end the whole job.
 */
export class MpiEnding {
  readonly #transport: MpiTransport;
  readonly #report: () => PromiseLike<void>;
  readonly #flag: Int32Array;
  readonly #flagAddress: number;
  readonly #request: number;
  #state: "running" | "finishing" | "finished" = "running";
  #begunMs = 0;
  #isWaiting = false;
  #said: "ended" | "silent" | undefined;

  /** @param report - Called at the natural end, before anything is waited for. */
  constructor(transport: MpiTransport, report: () => PromiseLike<void>) {
    this.#transport = transport;
    this.#report = report;
    const { address, memory } = transport.job.mpi.allocate(16);
    this.#request = address;
    this.#flagAddress = address + 8;
    this.#flag = new Int32Array(memory, 8, 1);
    process.once("beforeExit", () => void this.#finish());
    process.on("exit", (code) => this.#exit(code));
    process.on("uncaughtException", (error) => {
      if (process.listenerCount("uncaughtException") > 1) return; // the program's own handler decides
      this.#fail(error);
    });
  }

  /** Ends the job with an exit code (0 is turned into 1) and a reason. Does not return. */
  abort(code: number, reason: string): never {
    const where = new Error(reason); // for its stack: the report shows who called abort
    where.name = "abort";
    this.#say("called abort", where);
    process.exit(Number.isInteger(code) && code >= 1 && code <= 255 ? code : 1);
  }

  #fail(error: unknown): void {
    if (error instanceof PeerLostError || error instanceof RemoteError) pauseMs(ECHO_MS);
    this.#say("failed", error);
    process.exit(1);
  }

  #say(what: string, error: unknown): void {
    const { rank, host } = this.#transport.job;
    const text = inspect(error, { colors: false, depth: 4 });
    process.stderr.write(`tsmpi: rank ${rank} on ${host} ${what}; this ends the job\n${text}\n`);
  }

  async #finish(): Promise<void> {
    await this.#report();
    await this.#transport.close();
    this.#state = "finishing";
    this.#begunMs = performance.now();
    while (!this.#allFinished()) {
      const waitedMs = performance.now() - this.#begunMs;
      await new Promise<void>((turn) => {
        if (waitedMs < SPIN_MS) setImmediate(turn);
        else setTimeout(turn, Math.min(waitedMs / 8, 5));
      });
    }
    this.#end();
  }

  /** The process ends now, by process.exit or after the natural end. */
  #exit(code: number): void {
    if (this.#state === "finished") return;
    const { mpi } = this.#transport.job;
    if (code !== 0) mpi.calls.abort(mpi.handle("COMM_WORLD"), code);
    while (!this.#transport.idle) this.#transport.progress();
    if (this.#state === "running") this.#begunMs = performance.now();
    this.#state = "finishing";
    while (!this.#allFinished()) {
      if (performance.now() - this.#begunMs < SPIN_MS) mpi.yieldCore();
      else pauseMs(1);
    }
    this.#end();
  }

  /** Whether every rank has come to its end, and seen through what it had a part in. */
  #allFinished(): boolean {
    const { mpi, comm } = this.#transport.job;
    this.#transport.progress();
    if (performance.now() - this.#begunMs > PATIENCE_MS) this.#announce();
    if (!this.#isWaiting) {
      if (!this.#isDone) return false;
      mpi.check(mpi.calls.ibarrier(comm, this.#request), "MPI_Ibarrier");
      this.#isWaiting = true;
    }
    mpi.check(mpi.calls.test(this.#request, this.#flagAddress, mpi.abi.STATUS_IGNORE), "MPI_Test");
    return this.#flag[0] !== 0;
  }

  /** Tells others that wait for this rank that it calls nothing more; then, as soon as that is so, that it answers no more. */
  #announce(): void {
    if (this.#said === undefined) this.#transport.announce((this.#said = "ended"));
    else if (this.#said === "ended" && !this.#isUndecided) this.#transport.announce((this.#said = "silent"));
  }

  /** Whether others may wait for a decision of this rank, or for it to arrive. */
  get #isUndecided(): boolean {
    const { native, idle } = this.#transport;
    return !idle || (native !== undefined && native.meetings.undecided > 0);
  }

  /**
   * Whether there is nothing that this rank has a part in: MPI must not be finalized while others do a collective with
   * it. One that MPI has begun and nobody waits for is not waited for long: if it has failed elsewhere, it never ends.
   */
  get #isDone(): boolean {
    const { native, idle } = this.#transport;
    if (native === undefined) return true;
    if (!idle || native.meetings.open > 0) return false;
    return !this.#transport.isBusy || performance.now() - this.#begunMs > ABANDONED_MS;
  }

  #end(): void {
    const { mpi } = this.#transport.job;
    this.#transport.stop();
    this.#state = "finished";
    mpi.check(mpi.calls.finalize(), "MPI_Finalize");
  }
}

function pauseMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
