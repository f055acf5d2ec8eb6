import type * as zmq from "zeromq";
import { clientOptions, Gate, serverOptions, type KeyPair } from "../src/comm/transports/zmq/curve.js";
import { decode, encode } from "../src/comm/wire/control.js";
import type { ControlMessage } from "../src/comm/wire/messages.js";
import { requireNative } from "../src/native.js";
import { tcpEndpoint } from "./address.js";

/** Sends of one socket, one after the other: zeromq.js refuses a second send while one is under way. */
class Outbox<T> {
  #tail: Promise<void> = Promise.resolve();
  readonly #send: (item: T) => Promise<void>;
  readonly #failed: (error: unknown) => void;

  constructor(send: (item: T) => Promise<void>, failed: (error: unknown) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  post(item: T): void {
    this.#tail = this.#tail.then(() => this.#send(item)).catch(this.#failed);
  }

  flushed(): Promise<void> {
    return this.#tail;
  }
}

// Nothing may be dropped at a high-water mark; output, the only bulk, is limited by what has been consumed.
const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0 } as const;

/**
 * The launcher's end: a socket to which the agents of the job, and nobody else, connect.
 *
 * @see Link - The agents' end.
 */
export class Hub {
  readonly keys: KeyPair;
  readonly #gate: Gate;
  readonly #router: zmq.Router;
  readonly #outbox: Outbox<readonly [string, Uint8Array]>;
  readonly #bound = new Map<string, Promise<string>>();
  #binding: Promise<unknown> = Promise.resolve();

  /** Makes the keys of the job. */
  constructor() {
    const library = requireNative<typeof zmq>("zeromq");
    this.keys = library.curveKeyPair();
    this.#gate = new Gate(library, library.context, [this.keys.publicKey]);
    void this.#gate.serve(() => true);
    this.#router = new library.Router({
      ...serverOptions(this.keys),
      ...unlimited,
      mandatory: true,
      sendTimeout: 0, // an agent that has gone is no reason to wait
      linger: 0,
    });
    // A send fails when its agent has gone, which its process tells by itself.
    this.#outbox = new Outbox(async ([node, bytes]) => this.#router.send([node, bytes]), ignore);
  }

  /** Opens a way for agents: an ipc endpoint. Resolves to it. */
  bind(endpoint: string): Promise<string> {
    const bound = this.#binding.then(async () => {
      await this.#router.bind(endpoint);
      return this.#router.lastEndpoint ?? endpoint;
    });
    this.#binding = bound.catch(ignore); // one bind at a time
    return bound;
  }

  /** Opens a port on an address of this host, once. Resolves to its endpoint. */
  bindAddress(address: string): Promise<string> {
    const known = this.#bound.get(address);
    if (known !== undefined) return known;
    if (address.includes(":")) this.#router.ipv6 = true;
    const bound = this.bind(tcpEndpoint(address, "*"));
    this.#bound.set(address, bound);
    return bound;
  }

  /** Hands over every message with the place of the host it came from. */
  deliver(receive: (nodeRank: number, message: ControlMessage) => void): void {
    void this.#deliver(receive);
  }

  send(nodeRank: number, message: ControlMessage): void {
    this.#outbox.post([String(nodeRank), encode(message)]);
  }

  /** Waits until everything that was sent is on its way, then lets go of the sockets. */
  async close(): Promise<void> {
    await this.#outbox.flushed();
    this.#router.close();
    this.#gate.close();
  }

  async #deliver(receive: (nodeRank: number, message: ControlMessage) => void): Promise<void> {
    while (!this.#router.closed) {
      const parts = await this.#router.receive().catch(ignore);
      if (parts) receive(Number(parts[0].toString()), decode(parts[1]));
    }
  }
}

/** The agent's end. */
export class Link {
  readonly #dealer: zmq.Dealer;
  readonly #outbox: Outbox<Uint8Array>;

  constructor(
    endpoint: string,
    keys: KeyPair,
    nodeRank: number,
    receive: (message: ControlMessage, encoded: Uint8Array) => void,
  ) {
    const library = requireNative<typeof zmq>("zeromq");
    this.#dealer = new library.Dealer({
      ...clientOptions(keys),
      ...unlimited,
      routingId: String(nodeRank),
      ipv6: endpoint.includes("["),
      linger: 500,
    });
    this.#dealer.connect(endpoint);
    this.#outbox = new Outbox(async (bytes) => this.#dealer.send(bytes), ignore);
    void this.#deliver(receive);
  }

  send(message: ControlMessage): void {
    this.#outbox.post(encode(message));
  }

  /** Resolves when everything has been handed to ZeroMQ. */
  async close(): Promise<void> {
    await this.#outbox.flushed();
    this.#dealer.close();
  }

  async #deliver(receive: (message: ControlMessage, encoded: Uint8Array) => void): Promise<void> {
    while (!this.#dealer.closed) {
      const [encoded] = (await this.#dealer.receive().catch(ignore)) ?? [];
      if (encoded) receive(decode(encoded), encoded);
    }
  }
}

function ignore(): undefined {
  return undefined;
}
