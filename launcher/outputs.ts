import type { Printed } from "../src/comm/wire/messages.js";
import { Folding } from "./folding.js";
import { Output } from "./output.js";
import type { OutputOptions } from "./output-options.js";
import { expandPattern } from "./output-pattern.js";
import { RankFiles } from "./rank-files.js";
import { nameRanks } from "./ranks.js";

/** What is known of ranks, for tags and names of files. */
export interface Ranks {
  readonly size: number;
  readonly jobId: string;
  readonly host: (rank: number) => string;
  readonly pid: (rank: number) => number;
}

/** Where what ranks print goes: tsmpirun's stdout and stderr, and files. */
export class Outputs {
  readonly #options: OutputOptions;
  readonly #ranks: Ranks;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #files = new RankFiles((message) => this.say(`tsmpirun: ${message}`));
  readonly #folding: Folding;
  /** The end of what ranks that are not shown have written to stderr: shown if they fail. */
  readonly #hidden = new Map<number, Buffer>();

  constructor(options: OutputOptions, ranks: Ranks) {
    this.#options = options;
    this.#ranks = ranks;
    this.#stdout = new Output(process.stdout, options.raw);
    this.#stderr = new Output(process.stderr, options.raw);
    this.#folding = new Folding((repeats, bytes) =>
      this.#screen(2).write({ rank: NOBODY, bytes, tag: `[${nameRanks(repeats)}] ` }, () => undefined),
    );
  }

  /** Calls `written` once the bytes are where they go. */
  write(printed: Printed, written: () => void): void {
    const { files, tee, shown, tag, raw } = this.#options;
    const { rank, stream, bytes } = printed;
    if (files !== undefined) this.#files.write(this.#expand(files, printed), bytes);
    if ((files !== undefined && !tee) || shown?.has(rank) === false) {
      if (stream === 2) this.#hide(rank, bytes);
      return written();
    }
    if (stream === 2 && !raw && this.#folding.folds(rank, bytes)) return written();
    this.#screen(stream).write({ rank, bytes, tag: tag === "" ? "" : this.#expand(tag, printed) }, written);
  }

  /** Writes a message of tsmpirun itself to stderr, on lines of its own. */
  say(text: string): void {
    this.#folding.flush();
    this.#stderr.say(text);
  }

  /** The last lines that a rank has written to stderr, if they were not shown. */
  unseen(rank: number): string[] {
    const text = this.#hidden.get(rank)?.toString("utf8") ?? "";
    return text.split("\n").filter(Boolean).slice(-UNSEEN_LINES);
  }

  /** Resolves when everything has been written. */
  async flushed(): Promise<void> {
    this.#folding.flush();
    this.#files.close();
    await Promise.all([this.#stdout.flushed(), this.#stderr.flushed()]);
  }

  #screen(stream: 1 | 2): Output {
    return stream === 1 || this.#options.mergeStderr ? this.#stdout : this.#stderr;
  }

  #hide(rank: number, bytes: Uint8Array): void {
    const all = Buffer.concat([this.#hidden.get(rank) ?? Buffer.alloc(0), bytes]);
    this.#hidden.set(rank, all.subarray(-UNSEEN_BYTES));
  }

  #expand(pattern: string, { rank, stream, timeMs }: Printed): string {
    const { size, jobId, host, pid } = this.#ranks;
    return expandPattern(pattern, {
      ...{ rank, size, jobId, timeMs },
      ...{ host: host(rank), pid: pid(rank), stream: stream === 1 ? "out" : "err" },
    });
  }
}

const NOBODY = -1;
const UNSEEN_BYTES = 8192;
const UNSEEN_LINES = 20;
