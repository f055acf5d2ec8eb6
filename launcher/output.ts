import type { Writable } from "node:stream";

export interface OutputOptions {
  /** Puts `[rank] ` in front of every line. */
  readonly tag: boolean;
  /** Called with the number of bytes that have been taken off, so that as many more may be sent. */
  readonly consumed: (nodeRank: number, bytes: number) => void;
}

/**
 * Writes what ranks print to tsmpirun's own stdout or stderr: line by line, so that lines of two ranks never mix.
 *
 * A rank's unfinished line (it has been quiet for a while, say at a prompt) is written as it is; if another rank
 * prints before it goes on, the line is ended first.
 */
export class Output {
  readonly #target: Writable;
  readonly #options: OutputOptions;
  /** The rank whose unfinished line was written last. */
  #openLine: number | undefined;

  constructor(target: Writable, options: OutputOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** Writes bytes of a rank that end with a line, or end for now. */
  write(nodeRank: number, rank: number, bytes: Uint8Array): void {
    const goesOn = this.#openLine === rank;
    const gap = this.#openLine === undefined || goesOn ? [] : [NEWLINE];
    const text = this.#options.tag ? tagLines(bytes, `[${rank}] `, !goesOn) : bytes;
    this.#openLine = bytes.at(-1) === NEWLINE[0] ? undefined : rank;
    this.#target.write(Buffer.concat([...gap, text]), () => this.#options.consumed(nodeRank, bytes.length));
  }

  /** Writes a message of tsmpirun itself, on lines of its own. */
  say(text: string): void {
    this.#target.write(`${this.#openLine === undefined ? "" : "\n"}${text}\n`);
    this.#openLine = undefined;
  }

  /** Resolves when everything has been written. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve) => this.#target.write("", () => resolve()));
  }
}

const NEWLINE = Uint8Array.of(10);

function tagLines(bytes: Uint8Array, tag: string, atLineStart: boolean): Uint8Array {
  const prefix = Buffer.from(tag);
  const parts: Uint8Array[] = atLineStart ? [prefix] : [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE[0], start) + 1 || bytes.length;
    if (start > 0) parts.push(prefix);
    parts.push(bytes.subarray(start, end));
    start = end;
  }
  return Buffer.concat(parts);
}
