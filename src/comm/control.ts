import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { env } from "../env.js";
import { requireNative } from "../native.js";
import type { Boot, Control } from "./boot.js";
import { ControlBase, describeError, validExitCode } from "./control-base.js";
import { PeerLostError, RemoteError } from "./errors.js";
import { decode } from "./wire/control.js";
import { encodeFrame, frameLength, FrameReader } from "./wire/frames.js";
import type { ControlMessage, RecordKind } from "./wire/messages.js";
import { hasCode } from "../thrown.js";

/**
 * Opens this rank's channel to the agent that started it, and reads what this rank is told. Local.
 *
 * From now on an uncaught error is reported over the channel and ends the process with code 1, unless the program
 * handles uncaught errors itself; and the process ends at once, with code 125, when the agent has gone.
 *
 * @returns The channel; `undefined` in a plain `node script.js`.
 * @throws {Error} If the descriptor that `TSMPI_CONTROL_FD` names does not lead to an agent.
 */
export async function connectControl(): Promise<Control | undefined> {
  const fd = env.controlFd;
  if (fd === undefined) return undefined;
  const first = decode(readFirstFrame(fd));
  if (first.kind !== "boot")
    throw new Error(`control: expected boot, got ${first.kind}; start with tsmpirun`);
  if (first.boot.segment) dieWithAgent();
  const control = new ControlChannel(fd, first.boot);
  process.on("uncaughtException", (error) => {
    if (process.listenerCount("uncaughtException") > 1) return; // the program's own handler decides
    control.fail(error);
    process.exit(1);
  });
  return control;
}

class ControlChannel extends ControlBase {
  readonly boot: Boot;
  readonly #fd: number;
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  #onInquiry: (() => Promise<string>) | undefined;

  constructor(fd: number, boot: Boot) {
    super();
    this.boot = boot;
    this.#fd = fd;
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on("data", (bytes) => this.#receive(bytes));
    this.#socket.on("end", agentLost).on("error", agentLost);
    this.#socket.unref();
  }

  fail(error: unknown): void {
    const lostPeer = peerOf(error);
    const { rank } = this.boot;
    this.send({ kind: "failure", rank, code: 1, aborted: false, text: describeError(error), lostPeer });
  }

  abort(code: number, reason: string): never {
    const where = new Error(reason); // for its stack: the report shows who called abort
    where.name = "abort";
    const text = describeError(where);
    const { rank } = this.boot;
    this.send({ kind: "failure", rank, code: code | 0, aborted: true, text, lostPeer: undefined });
    process.exit(validExitCode(code));
  }

  onInquiry(tell: () => Promise<string>): void {
    this.#onInquiry = tell;
  }

  record(what: RecordKind, text: string): void {
    this.send({ kind: "record", rank: this.boot.rank, what, text });
  }

  override hear(message: ControlMessage): void {
    super.hear(message);
    if (message.kind === "inquiry") void this.#answer(message.id);
  }

  protected keepAlive(wanted: boolean): void {
    if (wanted) this.#socket.ref();
    else this.#socket.unref();
  }

  #receive(bytes: Uint8Array): void {
    for (const encoded of this.#frames.push(bytes)) this.hear(decode(encoded));
  }

  async #answer(id: number): Promise<void> {
    const { rank } = this.boot;
    const state = await this.#onInquiry?.();
    this.send({
      kind: "answer",
      rank,
      id,
      how: state === undefined ? "absent" : "told",
      state: state ?? "",
    });
  }

  /** Written in the call itself: what is said right before the process ends must still arrive. */
  protected send(message: ControlMessage): void {
    const framed = encodeFrame(message);
    for (let written = 0; written < framed.length;) {
      try {
        written += writeSync(this.#fd, framed, written);
      } catch (error) {
        if (!hasCode(error, "EAGAIN")) agentLost();
        pauseMs(1);
      }
    }
  }
}

/** The agent writes the first frame as soon as it has started this process. */
function readFirstFrame(fd: number): Uint8Array {
  const length = new Uint8Array(4);
  readFully(fd, length);
  const encoded = new Uint8Array(frameLength(length));
  readFully(fd, encoded);
  return encoded;
}

function readFully(fd: number, into: Uint8Array): void {
  for (let filled = 0; filled < into.length;) {
    try {
      const count = readSync(fd, into, filled, into.length - filled, null);
      if (count === 0) agentLost();
      filled += count;
    } catch (cause) {
      if (!hasCode(cause, "EAGAIN")) {
        throw new Error(
          `TSMPI_CONTROL_FD: cannot read descriptor ${fd}; unset it or start the program with tsmpirun`,
          { cause },
        );
      }
      pauseMs(1);
    }
  }
}

/** A rank in an endless loop never sees its channel close: let the kernel end it with the agent. */
function dieWithAgent(): void {
  if (process.platform !== "linux") return;
  const { load } = requireNative<typeof import("koffi")>("koffi");
  const prctl = load(null).func("int prctl(int option, unsigned long argument)");
  const PR_SET_PDEATHSIG = 1;
  const SIGKILL = 9;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/** The job is over for everyone; nobody is left to be told. */
function agentLost(): never {
  process.exit(125);
}

/** The rank whose failure an error echoes, so that the report names the cause and not its victims. */
function peerOf(error: unknown): number | undefined {
  if (error instanceof PeerLostError) return error.peer;
  return error instanceof RemoteError ? error.rank : undefined;
}

function pauseMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
