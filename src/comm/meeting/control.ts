import { availableParallelism, hostname } from "node:os";
import { inspect } from "node:util";
import type { Boot, Control } from "../boot.js";
import { PeerLostError, RemoteError } from "../errors.js";
import type { ControlMessage } from "../wire/messages.js";
import { Center } from "./center.js";
import { come } from "./guest.js";
import { receive } from "./host.js";
import { type Place, readPlace } from "./place.js";

/** An error that only echoes the end of another rank leaves that one so long to tell why it ended. */
const ECHO_MS = 500;
/** As of a rank whose agent has gone. */
const LOST = 125;

/**
 * Meets the other ranks where RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT say, without a launcher of tsmpi. Collective;
 * `undefined` if the variables are not set.
 *
 * Rank 0 waits at the port, the others come to it. As under tsmpirun, an uncaught error or an abort of one rank ends all: it
 * prints what happened, and the others end as soon as their event loops turn.
 *
 * @throws {Error} If not all ranks come within the time, naming those that do not; see {@link readPlace}.
 */
export async function meet(): Promise<Control | undefined> {
  const place = readPlace();
  if (place === undefined || place.size === 1) return undefined;
  const control = await join(place);
  process.on("uncaughtException", (error) => {
    if (process.listenerCount("uncaughtException") > 1) return; // the program's own handler decides
    const end = (): void => {
      control.fail(error);
      process.exit(1);
    };
    if (error instanceof PeerLostError || error instanceof RemoteError)
      setTimeout(() => setImmediate(end), ECHO_MS); // after what has come meanwhile
    else end();
  });
  return control;
}

async function join(place: Place): Promise<MeetingControl> {
  if (place.rank > 0) {
    const { boot, channel } = await come(place);
    const control = new MeetingControl(boot, (message) => channel.send(message));
    channel.listen({ hear: (message) => control.hear(message), ended: () => control.alone() });
    return control;
  }
  const { boots, channels } = await receive(place);
  for (const [rank, channel] of channels) channel.send({ kind: "boot", boot: boots[rank] });
  const control: MeetingControl = new MeetingControl(boots[0], (message) => center.hear(0, message));
  const center = new Center(channels, (message) => control.hear(message));
  return control;
}

class MeetingControl implements Control {
  readonly boot: Boot;
  readonly #send: (message: ControlMessage) => void;
  #holds = 0;
  #alive: NodeJS.Timeout | undefined;
  #isFinalized = false;
  #gone: readonly number[] = [];
  #onGone: ((ranks: readonly number[]) => void) | undefined;
  #onBook: ((endpoints: readonly string[]) => void) | undefined;
  #onFinalized: (() => void) | undefined;

  /** @param send - Tells rank 0. */
  constructor(boot: Boot, send: (message: ControlMessage) => void) {
    this.boot = { ...boot, host: hostname(), crowded: boot.localSize > availableParallelism() };
    this.#send = send;
  }

  hear(message: ControlMessage): void {
    if (message.kind === "address-book") this.#onBook?.(message.endpoints);
    if (message.kind === "finalized") {
      this.#isFinalized = true;
      this.#onFinalized?.();
    }
    if (message.kind === "gone") {
      this.#gone = message.ranks;
      this.#onGone?.(message.ranks);
    }
    if (message.kind === "failure") process.exit(validCode(message.code)); // it has said itself why
  }

  /** Rank 0 has gone. */
  alone(): void {
    if (this.#isFinalized) return;
    process.stderr.write(`tsmpi: rank ${this.boot.rank} has lost rank 0; this ends the job\n`);
    process.exit(LOST);
  }

  async hello(endpoint: string): Promise<readonly string[]> {
    const book = new Promise<readonly string[]>((resolve) => (this.#onBook = resolve));
    this.#send({ kind: "hello", rank: this.boot.rank, pid: process.pid, endpoint });
    return this.#held(book);
  }

  async finalize(): Promise<void> {
    const finalized = new Promise<void>((resolve) => (this.#onFinalized = resolve));
    this.#send({ kind: "finalize", rank: this.boot.rank });
    return this.#held(finalized);
  }

  fail(error: unknown): void {
    this.#fail("failed", error, 1);
  }

  abort(code: number, reason: string): never {
    const where = new Error(reason); // for its stack: it shows who called abort
    where.name = "abort";
    this.#fail("called abort", where, code);
    process.exit(validCode(code));
  }

  onGone(listener: (ranks: readonly number[]) => void): void {
    this.#onGone = listener;
    if (this.#gone.length > 0) listener(this.#gone);
  }

  onInquiry(): void {
    // nobody inquires
  }

  record(): void {
    // nobody collects
  }

  hold(): void {
    this.#holds++;
    this.#alive ??= setInterval(() => undefined, 2 ** 30);
  }

  release(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    clearInterval(this.#alive);
    this.#alive = undefined;
  }

  #fail(what: string, error: unknown, code: number): void {
    const { rank, host } = this.boot;
    const text = inspect(error, { colors: false, depth: 4 });
    process.stderr.write(`tsmpi: rank ${rank} on ${host} ${what}; this ends the job\n${text}\n`);
    this.#send({ kind: "failure", rank, code: validCode(code), aborted: false, text, lostPeer: undefined });
  }

  async #held<T>(promise: Promise<T>): Promise<T> {
    this.hold();
    try {
      return await promise;
    } finally {
      this.release();
    }
  }
}

/** Exit codes are bytes, and that of a failure is never 0. */
function validCode(code: number): number {
  return Number.isInteger(code) && code >= 1 && code <= 255 ? code : 1;
}
