import { inspect } from "node:util";
import { PeerLostError, RemoteError } from "../../errors.js";
import type { MpiTransport } from "../mpi.js";

/** Others that wait for a rank that has finished are told after so long. */
const FAREWELL_MS = 100;
/** An error that echoes another rank's leaves that rank so long to report it, which ends the job. */
const ECHO_MS = 500;
const SPIN_MS = 2;

/**
 * How a rank of a real MPI ends. At the natural end of its program it waits until every rank has come to its end, and
 * goes on moving messages until then; an uncaught error, an exit code other than 0 and `abort` end the whole job.
 */
export class MpiEnding {
  readonly #transport: MpiTransport;
  readonly #report: () => PromiseLike<void>;
  readonly #flag: Int32Array;
  readonly #flagAddress: number;
  readonly #request: number;
  #state: "running" | "finishing" | "finished" = "running";
  #begunMs = 0;
  #saidFarewell = false;

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
    this.#begin();
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
    if (this.#state === "running") this.#begin();
    while (!this.#allFinished()) {
      if (performance.now() - this.#begunMs < SPIN_MS) mpi.yieldCore();
      else pauseMs(1);
    }
    this.#end();
  }

  #begin(): void {
    const { mpi, comm } = this.#transport.job;
    this.#state = "finishing";
    this.#begunMs = performance.now();
    mpi.check(mpi.calls.ibarrier(comm, this.#request), "MPI_Ibarrier");
  }

  /** Whether every rank has come to its end. */
  #allFinished(): boolean {
    const { mpi, rank, size } = this.#transport.job;
    this.#transport.progress();
    mpi.check(mpi.calls.test(this.#request, this.#flagAddress, mpi.abi.STATUS_IGNORE), "MPI_Test");
    if (this.#flag[0] !== 0) return true;
    if (!this.#saidFarewell && performance.now() - this.#begunMs > FAREWELL_MS) {
      this.#saidFarewell = true;
      for (let i = 1; i < size; i++) this.#transport.sayFarewell((rank + i) % size);
    }
    return false;
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
