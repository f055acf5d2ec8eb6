import type { Board } from "./board.js";
import type { ShmTransport } from "./shm.js";
import type { DirectCopy, Transport } from "./transport.js";

/** Rounds of polling shared memory between two looks at the network, which costs a system call. */
const NETWORK_ROUNDS = 8;

/**
 * Ranks on several hosts: shared memory inside a host, a network between hosts. A rank that waits polls both, and
 * whichever has something wakes it from its sleep.
 */
export class HostsTransport implements Transport {
  readonly kind: "shm+zmq" | "shm+tcp";
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly number[];
  readonly crowded: boolean;
  readonly direct: DirectCopy | undefined;
  readonly #near: Transport;
  readonly #far: Transport;
  readonly #isNear: readonly boolean[];
  #round = 0;

  constructor(hosts: readonly number[], near: ShmTransport, far: Transport) {
    this.kind = far.kind === "zmq" ? "shm+zmq" : "shm+tcp";
    this.rank = near.rank;
    this.size = near.size;
    this.hosts = hosts;
    this.crowded = near.crowded;
    this.#near = near;
    this.#far = far;
    this.#isNear = hosts.map((host) => host === hosts[near.rank]);
    const { direct }: Transport = near;
    this.direct = direct && {
      offer: (dest, payload) => (this.#isNear[dest] ? direct.offer(dest, payload) : undefined),
      take: (...copy) => direct.take(...copy), // only those who share memory offer
      retract: (ticket) => direct.retract(ticket),
    };
  }

  /** A network that arrives by events only is not kept waiting for long. */
  get pollUs(): number {
    return this.#far.pollUs > 0 ? this.#near.pollUs : EVENTS_POLL_US;
  }

  get refused(): number {
    return this.#far.refused ?? 0;
  }

  get malformed(): number {
    return this.#far.malformed ?? 0;
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    (this.#isNear[dest] ? this.#near : this.#far).post(dest, header, payload, sent);
  }

  progress(): boolean {
    const moved = this.#near.progress();
    if (moved && ++this.#round % NETWORK_ROUNDS !== 0) return true;
    return this.#far.progress() || moved;
  }

  /** A rank that others of its host speak for has no connections, and sleeps as on a single host. */
  relax(round: number, glance: () => boolean, ready: () => boolean): void {
    if (this.#far.relax === undefined || this.#far.alone === true) this.#near.relax?.(round, glance, ready);
    else this.#far.relax(round, glance, ready);
  }

  async sleep(ready: () => boolean): Promise<void> {
    const near = this.#near.sleep(ready);
    const far = this.#far.sleep(ready);
    await Promise.race([near, far]);
    this.wake();
    await Promise.all([near, far]);
  }

  /** The network looks after itself while nobody sleeps. */
  async linger(ready: () => boolean): Promise<void> {
    await this.#near.linger?.(ready);
  }

  wake(): void {
    this.#near.wake();
    this.#far.wake();
  }

  board(id: number, ranks: readonly number[]): Board | undefined {
    return ranks.every((rank) => this.#isNear[rank]) ? this.#near.board?.(id, ranks) : undefined;
  }

  async close(): Promise<void> {
    await Promise.all([this.#near.close(), this.#far.close()]);
  }
}

const EVENTS_POLL_US = 50;
