import type { ControlMessage } from "../wire/messages.js";
import type { Channel } from "./channel.js";

/** News of ranks that have ended are told so seldom. */
const GONE_MS = 250;

/** What rank 0 does for all: it collects addresses and ends, and passes on that a rank has failed. */
export class Center {
  readonly #channels: ReadonlyMap<number, Channel>;
  readonly #size: number;
  readonly #self: (message: ControlMessage) => void;
  readonly #endpoints = new Map<number, string>();
  readonly #finalized = new Set<number>();
  #goneTimer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param self - What all are told, rank 0 is told here. */
  constructor(channels: ReadonlyMap<number, Channel>, self: (message: ControlMessage) => void) {
    this.#channels = channels;
    this.#size = channels.size + 1;
    this.#self = self;
    for (const [rank, channel] of channels)
      channel.listen({ hear: (message) => this.hear(rank, message), ended: () => this.#left(rank) });
  }

  /** What a rank says, rank 0 itself included. */
  hear(rank: number, message: ControlMessage): void {
    if (message.kind === "hello") {
      this.#endpoints.set(rank, message.endpoint);
      if (this.#endpoints.size < this.#size) return;
      const endpoints = Array.from({ length: this.#size }, (_, other) => this.#endpoints.get(other) ?? "");
      this.#tellAll({ kind: "address-book", endpoints });
    }
    if (message.kind === "finalize") this.#finalize(rank);
    if (message.kind === "failure") this.#pass(rank, message);
  }

  #finalize(rank: number): void {
    this.#finalized.add(rank);
    if (this.#finalized.size === this.#size) {
      this.#isOver = true;
      return this.#tellAll({ kind: "finalized" });
    }
    this.#goneTimer ??= setTimeout(() => {
      this.#goneTimer = undefined;
      if (!this.#isOver) this.#tellAll({ kind: "gone", ranks: [...this.#finalized] });
    }, GONE_MS).unref();
  }

  /** A rank that ends without a word, before all have finalized, keeps the others waiting. */
  #left(rank: number): void {
    if (this.#isOver) return;
    process.stderr.write(`tsmpi: rank ${rank} has ended before the job had; this ends the job\n`);
    this.#pass(rank, { kind: "failure", rank, code: 1, aborted: false, text: "", lostPeer: undefined });
  }

  #pass(from: number, failure: ControlMessage): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const [rank, channel] of this.#channels) if (rank !== from) channel.send(failure);
    if (from !== 0) this.#self(failure);
  }

  #tellAll(message: ControlMessage): void {
    for (const channel of this.#channels.values()) channel.send(message);
    this.#self(message);
  }
}
