import type { Arrival } from "./arrival.js";

/**
 * The messages of all contexts that came before anyone asked for them: counts them, tells when one is gone, and warns
 * once when there are too many.
 */
export class Unexpected {
  /** Where the warning starts. */
  limit = { messages: 10_000, bytes: 64 * 2 ** 20 };
  messages = 0;
  /** Bytes that are held here; those of announced messages are at their senders. */
  bytes = 0;
  /** Called with the one warning. */
  warn: (text: string) => void = (text) => console.error(text);
  readonly #rank: number;
  readonly #taken: (origin: number, bytes: number) => void;
  readonly #queued: () => Iterable<Arrival>;
  #warned = false;

  /**
   * @param taken - The memory of a message of this world rank is free again.
   * @param queued - All messages that nobody has asked for.
   */
  constructor(rank: number, taken: (origin: number, bytes: number) => void, queued: () => Iterable<Arrival>) {
    this.#rank = rank;
    this.#taken = taken;
    this.#queued = queued;
  }

  add(arrival: Arrival): void {
    this.messages++;
    this.bytes += arrival.memory.byteLength;
    if (!this.#warned && (this.messages > this.limit.messages || this.bytes > this.limit.bytes))
      this.#report();
  }

  /** A message has found its receive at once. */
  pass(origin: number, bytes: number): void {
    this.#taken(origin, bytes);
  }

  remove(arrival: Arrival): void {
    this.messages--;
    this.bytes -= arrival.memory.byteLength;
    if (arrival.announcement === undefined) this.#taken(arrival.origin, arrival.bytes);
  }

  #report(): void {
    this.#warned = true;
    const counts = new Map<string, number>();
    for (const { source, tag } of this.#queued()) {
      const key = `rank ${source} with tag ${tag}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [top = ["nobody", 0]] = [...counts].sort((a, b) => b[1] - a[1]);
    this.warn(
      `tsmpi: rank ${this.#rank} has ${this.messages} messages (${this.bytes} bytes held) that it has not asked for, ` +
        `most of them, ${top[1]}, from ${top[0]}; receive them, or let the senders wait for answers`,
    );
  }
}
