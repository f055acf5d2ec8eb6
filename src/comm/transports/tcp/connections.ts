import type { Connection } from "./connection.js";
import { POLL_INPUT, type Sockets } from "./sockets.js";

/** Up to so many connections are read one by one; the kernel is asked which of more have something. */
const READ_EACH = 3;

/** The connections of a rank, polled together. */
export class Connections {
  readonly #system: Sockets;
  #list: readonly Connection[] = [];
  /** A `struct pollfd` for each. */
  #descriptors = new Int32Array(0);

  constructor(system: Sockets) {
    this.#system = system;
  }

  get all(): readonly Connection[] {
    return this.#list;
  }

  get length(): number {
    return this.#list.length;
  }

  /** Whether something waits for room in the kernel. */
  get blocked(): boolean {
    return this.#list.some((connection) => connection.blocked);
  }

  add(connection: Connection): void {
    this.#set([...this.#list, connection]);
  }

  remove(connection: Connection): void {
    this.#set(this.#list.filter((other) => other !== connection));
  }

  /** Reads what has come and writes what has room; true if anything moved. */
  progress(): boolean {
    const list = this.#list;
    const { length } = list;
    let moved = false;
    if (length <= READ_EACH) {
      for (let i = 0; i < length; i++) moved = (list[i]?.progress() ?? false) || moved;
      return moved;
    }
    const ready = this.#system.poll(this.#descriptors, length, 0);
    for (let i = 0; i < length && (ready > 0 || i === 0); i++) {
      if (this.#descriptors[2 * i + 1] >>> 16 !== 0) moved = list[i].read() || moved;
      if (this.#list !== list) break; // one of them was lost
    }
    return this.flush() || moved;
  }

  /** Writes what has room; true if anything moved. */
  flush(): boolean {
    let moved = false;
    for (const connection of this.#list) if (connection.blocked) moved = connection.flush() || moved;
    return moved;
  }

  #set(list: readonly Connection[]): void {
    this.#list = list;
    this.#descriptors = new Int32Array(2 * list.length);
    for (const [i, { fd }] of list.entries()) {
      this.#descriptors[2 * i] = fd;
      this.#descriptors[2 * i + 1] = POLL_INPUT;
    }
  }
}
