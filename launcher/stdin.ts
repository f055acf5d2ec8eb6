import { fstatSync } from "node:fs";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { UsageError } from "./errors.js";
import type { OutputOptions } from "./output-options.js";
import type { Mapping } from "./placement/place.js";

/** Which ranks read tsmpirun's stdin, and how. */
export interface StdinPlan {
  /** One rank of this host inherits it; nobody reads ahead of it. */
  readonly heir: number | undefined;
  /** Ranks that are sent what it holds. */
  readonly fed: readonly number[];
}

/**
 * Plans who reads stdin: as asked for, or rank 0, unless stdin is a terminal or closed. Local.
 *
 * @throws {UsageError} If there is no such rank.
 */
export function planStdin(
  who: OutputOptions["stdin"],
  { size, placements }: Pick<Mapping, "size" | "placements">,
  isHere: (nodeRank: number) => boolean,
): StdinPlan {
  const reader = who ?? (isPiped() ? 0 : "none");
  if (reader === "none") return { heir: undefined, fed: [] };
  if (reader === "all" && size > 1)
    return { heir: undefined, fed: Array.from({ length: size }, (_, rank) => rank) };
  const rank = reader === "all" ? 0 : reader;
  if (rank >= size)
    throw new UsageError(`--stdin ${rank}: there is no such rank; the last one is ${size - 1}`);
  const nodeRank = placements.findIndex(({ ranks }) => ranks.includes(rank));
  return isHere(nodeRank) ? { heir: rank, fed: [] } : { heir: undefined, fed: [rank] };
}

function isPiped(): boolean {
  try {
    // In bigints: after a plain fstat of a pipe, node finds no module behind a symbolic link, as pnpm makes them.
    fstatSync(0, { bigint: true });
    return !isatty(0);
  } catch {
    return false; // closed
  }
}

/**
 * Sends stdin to agents, piece by piece: the next piece is read when all agents have handed the last one to their ranks. It
 * begins when all those ranks have been started.
 */
export class Feed {
  readonly #send: (nodeRank: number, bytes: Uint8Array) => void;
  #source: Readable | undefined;
  /** Ranks that have not been started. */
  readonly #absent: Set<number>;
  readonly #nodes: Set<number>;
  /** Agents that have not handed on the last piece. */
  #busy = new Set<number>();
  #over = false;

  constructor(
    ranks: readonly number[],
    nodes: readonly number[],
    send: (nodeRank: number, bytes: Uint8Array) => void,
  ) {
    this.#absent = new Set(ranks);
    this.#nodes = new Set(nodes);
    this.#send = send;
  }

  started(rank: number): void {
    if (!this.#absent.delete(rank) || this.#absent.size > 0) return;
    // Whoever inherits stdin would find it changed, had it been opened here.
    const source = (this.#source = process.stdin);
    source.on("data", (bytes: Uint8Array) => {
      source.pause();
      this.#busy = new Set(this.#nodes);
      this.#sendAll(bytes);
    });
    source.on("error", () => this.#end()).on("end", () => this.#end());
  }

  /** An agent has handed on a piece; or it has gone. */
  taken(nodeRank: number, gone = false): void {
    if (gone) this.#nodes.delete(nodeRank);
    if (this.#busy.delete(nodeRank) && this.#busy.size === 0 && !this.#over && this.#nodes.size > 0)
      this.#source?.resume();
  }

  /** Reads no more. */
  stop(): void {
    this.#over = true;
    this.#source?.removeAllListeners().destroy();
  }

  /** An empty piece tells the end. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sendAll(new Uint8Array(0));
  }

  #sendAll(bytes: Uint8Array): void {
    for (const nodeRank of this.#nodes) this.#send(nodeRank, bytes);
  }
}
