import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { encodeFrame, frame, FrameReader } from "../src/comm/wire/frames.js";
import { decode } from "../src/comm/wire/control.js";
import type { ControlMessage, Exited } from "../src/comm/wire/messages.js";
import type { Boot } from "../src/comm/boot.js";
import { exitCodes } from "./errors.js";
import { canInterrupt, Inspector } from "./inspector.js";
import { lastCall } from "./last-call.js";
import { LineSplitter } from "./line-splitter.js";

export interface RankSpec {
  readonly boot: Boot;
  /** With its arguments. */
  readonly command: readonly string[];
  /** It does not make itself the leader of a group. */
  readonly foreign: boolean;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly directory: string;
  /** Descriptor to read as stdin, or a pipe to be fed by. */
  readonly stdin: number | "pipe" | "ignore";
  /** Output is passed on as it comes, not line by line. */
  readonly raw: boolean;
  /** Descriptors of the agent that the rank inherits as 4, 5, … */
  readonly inherited: readonly number[];
}

export interface RankEvents {
  message(message: ControlMessage): void;
  output(stream: 1 | 2, bytes: Uint8Array): void;
  exited(exited: Omit<Exited, "outOfMemory">): void;
  /** It has ended and everything it wrote has been read. */
  drained(): void;
}

/** Descriptor of the control channel in a rank, and the first of those it inherits beyond. */
export const CONTROL_FD = 3;
export const FIRST_INHERITED_FD = 4;

/**
 * One rank: a Node process that leads a process group of its own, so that a signal reaches its children too; see
 * lead-group.ts. A terminal's Ctrl-C reaches neither, since the agent leads a session of its own.
 */
export class RankProcess {
  readonly rank: number;
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #streams: readonly Readable[];
  readonly #splitters: readonly LineSplitter[];
  readonly #events: RankEvents;
  readonly #startedMs = performance.now();
  readonly #inspector: Inspector;
  #open: number;
  #drained = false;
  #paused = false;
  #quiet = false;

  constructor(spec: RankSpec, events: RankEvents) {
    this.rank = spec.boot.rank;
    this.#events = events;
    const [command, ...args] = spec.command;
    this.#inspector = new Inspector(
      canInterrupt(spec.command) ? () => this.#child.kill("SIGUSR1") : undefined,
    );
    this.#child = spawn(command, args, {
      cwd: spec.directory,
      env: spec.environment,
      // On Linux a script is in the session of the agent, and makes the group itself.
      detached: process.platform !== "linux" || spec.foreign,
      stdio: [spec.stdin, "pipe", "pipe", "pipe", ...spec.inherited],
    });
    const [, stdout, stderr, control] = this.#child.stdio;
    if (!isReadable(stdout) || !isReadable(stderr) || !isDuplex(control)) {
      throw new Error(`rank ${this.rank}: cannot start ${command}`);
    }
    this.#streams = [stdout, stderr];
    this.#splitters = ([1, 2] as const).map(
      (n) => new LineSplitter((bytes) => this.#printed(n, bytes), spec.raw ? { idleMs: 0, limit: 0 } : {}),
    );
    this.#child.stdin?.on("error", () => undefined); // it reads no more
    this.#open = this.#streams.length;
    this.#streams.forEach((stream, i) => this.#forward(stream, this.#splitters[i]));
    forgiveWrites(control);
    this.#control = control;
    this.#listen();
    this.send(encodeFrame({ kind: "boot", boot: spec.boot }));
    this.#child.on("error", (error) => this.#failed(command, error));
    this.#child.on("exit", (code, signal) => this.#ended(code, signal));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Gives it more to read, nothing for the end; calls `taken` when there is room for more, or it reads no more. */
  feed(bytes: Uint8Array, taken: () => void): void {
    const { stdin } = this.#child;
    if (stdin === null || stdin.destroyed) return taken();
    if (bytes.length > 0) stdin.write(bytes, taken);
    else stdin.end(taken);
  }

  /** Sends a frame over the control channel. */
  send(framed: Uint8Array): void {
    if (this.#control.writable) this.#control.write(framed);
  }

  /** Sends an encoded message over the control channel. */
  relay(encoded: Uint8Array): void {
    this.send(frame(encoded));
  }

  /** Sends a signal to the rank and to all processes it has started. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      this.#child.kill(signal); // it has no group yet; or nobody is left in it, and this does nothing
    }
  }

  /** Stops or goes on reading its output; a rank whose output is not read will block in its next write. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.#quiet = false; // what was not read did not come, for all we know
    for (const splitter of this.#splitters) splitter.hold(paused);
    for (const stream of this.#streams) {
      if (paused) stream.pause();
      else stream.resume();
    }
  }

  /** Has the program, whatever it is doing, evaluate an expression; see {@link Inspector.evaluate}. */
  interrupt(expression: string, timeoutMs: number): Promise<string | undefined> {
    return this.#inspector.evaluate(expression, timeoutMs);
  }

  #printed(stream: 1 | 2, bytes: Uint8Array): void {
    const own = stream === 2 ? this.#inspector.filter(bytes) : bytes;
    if (own.length > 0) this.#events.output(stream, own);
  }

  #forward(stream: Readable, splitter: LineSplitter): void {
    stream.on("data", (bytes: Uint8Array) => {
      this.#quiet = false;
      splitter.push(bytes);
    });
    stream.on("error", () => undefined);
    stream.on("close", () => {
      splitter.flush();
      this.#open--;
      this.#finishDrain();
    });
  }

  #listen(): void {
    const frames = new FrameReader();
    this.#control.on("data", (bytes: Uint8Array) => {
      for (const encoded of frames.push(bytes)) this.#events.message(decode(encoded));
    });
    this.#control.on("error", () => undefined); // the rank has closed its end
  }

  /** It has not even begun. */
  #failed(command: string, error: NodeJS.ErrnoException): void {
    const absent = error.code === "ENOENT";
    const reason = absent ? "no such program" : error.message;
    this.#events.output(2, Buffer.from(`tsmpirun: cannot run ${command}: ${reason}\n`));
    this.#ended(absent ? exitCodes.notFound : exitCodes.notRunnable, null);
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.kill("SIGKILL"); // what it started does not outlive it
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const report = once(() =>
      this.#events.exited({ rank: this.rank, code: code ?? -1, signal: signal ?? "", seconds }),
    );
    // Its last words come first.
    if (this.#control.closed) report();
    else this.#control.on("close", report);
    lastCall(report, LAST_WORDS_MS);
    this.#finishDrain();
    this.#watchOrphans();
  }

  /** A process that has left the group may hold the pipes open for ever: give up once they are quiet. */
  #watchOrphans(): void {
    const watch = setInterval(() => {
      if (this.#open === 0) return clearInterval(watch);
      if (this.#paused) return;
      if (this.#quiet) this.#streams.forEach((stream) => stream.destroy());
      this.#quiet = true;
    }, LINGER_MS);
  }

  #finishDrain(): void {
    if (this.#drained || this.running || this.#open > 0) return;
    this.#drained = true;
    this.#events.drained();
  }
}

const LAST_WORDS_MS = 100;
const LINGER_MS = 300;

/**
 * What is written to a rank that has just ended fails. The stream would be destroyed for that, unread, and with it the
 * rank's last words.
 */
function forgiveWrites(stream: Duplex): void {
  const write = stream._write.bind(stream);
  const writev = stream._writev?.bind(stream);
  stream._write = (chunk, encoding, done) => write(chunk, encoding, () => done());
  if (writev) stream._writev = (chunks, done) => writev(chunks, () => done());
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === "object" && stream !== null && "read" in stream;
}

function isDuplex(stream: unknown): stream is Duplex {
  return isReadable(stream) && "write" in stream;
}
