import type { Writable } from "node:stream";

/** A piece of what a rank prints: whole lines, or a line that does not end for now. */
export interface Piece {
  readonly rank: number;
  readonly bytes: Uint8Array;
  /** Goes before every line; "": nothing. */
  readonly tag: string;
}

/**
 * Writes what ranks print to tsmpirun's own stdout or stderr: line by line, so that lines of two ranks never mix.
 *
 * A rank's unfinished line (it has been quiet for a while, say at a prompt) is written as it is. If another rank prints
 * before it goes on, the line is ended there, and a `…` stands before the rest.
 */
export class Output {
  readonly #target: Writable;
  readonly #raw: boolean;
  /** The rank whose unfinished line was written last. */
  #openLine: number | undefined;
  /** Ranks whose line was ended before it was finished. */
  readonly #cut = new Set<number>();

  /** @param raw - Bytes are written as they come. */
  constructor(target: Writable, raw = false) {
    this.#target = target;
    this.#raw = raw;
  }

  /** Calls `written` once the bytes are. */
  write({ rank, bytes, tag }: Piece, written: () => void): void {
    if (this.#raw) return void this.#target.write(bytes, written);
    const goesOn = this.#openLine === rank;
    const gap = goesOn ? NOTHING : this.#endLine();
    const rest = this.#cut.delete(rank) ? MARK : NOTHING;
    this.#openLine = bytes.at(-1) === NEWLINE ? undefined : rank;
    const text =
      tag === "" ? Buffer.concat([rest, bytes]) : tagLines(Buffer.concat([rest, bytes]), tag, !goesOn);
    this.#target.write(Buffer.concat([gap, text]), written);
  }

  /** Writes a message of tsmpirun itself, on lines of its own. */
  say(text: string): void {
    this.#target.write(Buffer.concat([this.#endLine(), Buffer.from(`${text}\n`)]));
  }

  /** Resolves when everything has been written. */
  async flushed(): Promise<void> {
    await new Promise<void>((resolve) => this.#target.write("", () => resolve()));
  }

  #endLine(): Uint8Array {
    if (this.#openLine === undefined) return NOTHING;
    this.#cut.add(this.#openLine);
    this.#openLine = undefined;
    return CUT;
  }
}

const NEWLINE = 10;
const NOTHING = new Uint8Array(0);
const MARK = Buffer.from("…");
const CUT = Buffer.from("\n");

function tagLines(bytes: Uint8Array, tag: string, atLineStart: boolean): Uint8Array {
  const prefix = Buffer.from(tag);
  const parts: Uint8Array[] = atLineStart ? [prefix] : [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
    if (start > 0) parts.push(prefix);
    parts.push(bytes.subarray(start, end));
    start = end;
  }
  return Buffer.concat(parts);
}
