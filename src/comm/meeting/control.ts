import { availableParallelism, hostname } from "node:os";
import type { Boot, Control } from "../boot.js";
import { ControlBase, describeError, validExitCode } from "../control-base.js";
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

class MeetingControl extends ControlBase {
  readonly boot: Boot;
  readonly #send: (message: ControlMessage) => void;
  #alive: NodeJS.Timeout | undefined;
  #isFinalized = false;

  /** @param send - Tells rank 0. */
  constructor(boot: Boot, send: (message: ControlMessage) => void) {
    super();
    this.boot = { ...boot, host: hostname(), crowded: boot.localSize > availableParallelism() };
    this.#send = send;
  }

  override hear(message: ControlMessage): void {
    if (message.kind === "finalized") this.#isFinalized = true;
    super.hear(message);
    if (message.kind === "failure") process.exit(validExitCode(message.code)); // it has said itself why
  }

  /** Rank 0 has gone. */
  alone(): void {
    if (this.#isFinalized) return;
    process.stderr.write(`tsmpi: rank ${this.boot.rank} has lost rank 0; this ends the job\n`);
    process.exit(LOST);
  }

  fail(error: unknown): void {
    this.#fail("failed", error, 1);
  }

  abort(code: number, reason: string): never {
    const where = new Error(reason); // for its stack: it shows who called abort
    where.name = "abort";
    this.#fail("called abort", where, code);
    process.exit(validExitCode(code));
  }

  onInquiry(): void {
    // nobody inquires
  }

  record(): void {
    // nobody collects
  }

  protected send(message: ControlMessage): void {
    this.#send(message);
  }

  protected keepAlive(wanted: boolean): void {
    if (wanted) this.#alive ??= setInterval(() => undefined, 2 ** 30);
    else {
      clearInterval(this.#alive);
      this.#alive = undefined;
    }
  }

  #fail(what: string, error: unknown, code: number): void {
    const { rank, host } = this.boot;
    const text = describeError(error);
    process.stderr.write(`tsmpi: rank ${rank} on ${host} ${what}; this ends the job\n${text}\n`);
    this.#send({
      kind: "failure",
      rank,
      code: validExitCode(code),
      aborted: false,
      text,
      lostPeer: undefined,
    });
  }
}
