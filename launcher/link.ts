import type * as zmq from "zeromq";
import { clientOptions, Gate, serverOptions } from "../src/comm/transports/zmq/curve.js";
import { decode, encode } from "../src/comm/wire/control.js";
import type { ControlMessage } from "../src/comm/wire/messages.js";
import { openWithin, type PortRange } from "../src/comm/wire/ports.js";
import { requireNative } from "../src/native.js";
import { tcpEndpoint } from "./address.js";
import { invite, type Invitation, newKeys } from "./keys.js";
import { hasCode } from "../src/thrown.js";

/** Sends of one socket, one after the other: zeromq.js refuses a second send while one is under way. */
class Outbox<T> {
  #tail: Promise<void> = Promise.resolve();
  readonly #send: (item: T) => Promise<void>;
  readonly #failed: (item: T) => void;

  constructor(send: (item: T) => Promise<void>, failed: (item: T) => void) {
    this.#send = send;
    this.#failed = failed;
  }

  post(item: T): void {
    this.#tail = this.#tail.then(() => this.#send(item)).catch(() => this.#failed(item));
  }

  flushed(): Promise<void> {
    return this.#tail;
  }
}

// Nothing may be dropped at a high-water mark; output, the only bulk, is limited by what has been consumed.
const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0 } as const;

/**
 * The kernels of both hosts look after the connection: one that has been silent for `heartbeatMs` is broken. They answer
 * while a process computes, is stopped, or writes to a terminal that nobody reads, as ZeroMQ's own heartbeats would not.
 */
function heartbeat(heartbeatMs: number) {
  const seconds = Math.max(1, Math.round(heartbeatMs / 5000));
  return {
    tcpKeepalive: 1,
    tcpKeepaliveIdle: seconds,
    tcpKeepaliveInterval: seconds,
    tcpMaxRetransmitTimeout: heartbeatMs,
    handshakeInterval: heartbeatMs,
  } as const;
}

/** How often the launcher finds out which agents it has lost. */
const LOOK_MS = 500;

/**
 * The launcher's end: a socket to which the agents of the job, and nobody else, connect.
 *
 * @see Link - The agents' end.
 */
export class Hub {
  #refused = 0;
  readonly #keys = newKeys();
  readonly #gate: Gate;
  readonly #router: zmq.Router;
  readonly #outbox: Outbox<{ readonly nodeRank: number; readonly bytes: Uint8Array }>;
  readonly #bound = new Map<string, Promise<string>>();
  /** Names of the agents' connections, by place of their host. */
  readonly #names: string[] = [];
  readonly #nodes = new Map<string, number>();
  /** Places of those agents that have been heard, and are not lost. */
  readonly #present = new Set<number>();
  readonly #heard = new Set<number>();
  readonly #look: NodeJS.Timeout;
  readonly #ports: PortRange | undefined;
  #binding: Promise<unknown> = Promise.resolve();
  #lost: (nodeRank: number) => void = ignore;

  /** @param lingerMs - For how long what was sent last goes on its way after close(). */
  constructor(heartbeatMs: number, lingerMs = 0, ports?: PortRange) {
    this.#ports = ports;
    const library = requireNative<typeof zmq>("zeromq");
    this.#gate = new Gate(library, library.context, []);
    void this.#gate.serve(() => true);
    this.#router = new library.Router({
      ...serverOptions(this.#keys),
      ...unlimited,
      ...heartbeat(heartbeatMs),
      mandatory: true,
      sendTimeout: 0, // an agent that has gone is no reason to wait
      linger: lingerMs,
    });
    this.#outbox = new Outbox(
      async ({ nodeRank, bytes }) => this.#router.send([this.#names[nodeRank], bytes]),
      ({ nodeRank }) => this.#lose(nodeRank),
    );
    this.#look = setInterval(() => this.#present.forEach((nodeRank) => this.send(nodeRank, ALIVE)), LOOK_MS);
    this.#look.unref();
    void this.#watch();
  }

  /** Connections of strangers that were turned away. Agents that were let go on their way here look like strangers. */
  get refused(): number {
    return Math.max(0, this.#refused - (this.#nodes.size - this.#heard.size));
  }

  /** Makes keys for the agent of a host, by which it can connect. */
  invite(nodeRank: number): Invitation {
    const invitation = invite(this.#keys.publicKey);
    this.#gate.admit(invitation.keys.publicKey);
    this.#names[nodeRank] = invitation.name;
    this.#nodes.set(invitation.name, nodeRank);
    return invitation;
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
    const bound = openWithin(this.#ports, (port) => this.bind(tcpEndpoint(address, port || "*")));
    this.#bound.set(address, bound);
    return bound;
  }

  /**
   * Hands over every message with the place of the host it came from; `lost` is called when an agent that has been heard
   * has closed its connection, or its host has been silent for too long.
   */
  deliver(
    receive: (nodeRank: number, message: ControlMessage) => void,
    lost: (nodeRank: number) => void,
  ): void {
    this.#lost = lost;
    void this.#deliver(receive);
  }

  send(nodeRank: number, message: ControlMessage): void {
    this.#outbox.post({ nodeRank, bytes: encode(message) });
  }

  /** Waits until everything that was sent is on its way, then lets go of the sockets. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    await this.#outbox.flushed();
    this.#router.close();
    this.#gate.close();
  }

  async #deliver(receive: (nodeRank: number, message: ControlMessage) => void): Promise<void> {
    while (!this.#router.closed) {
      await this.#binding;
      const parts = await this.#receive();
      const nodeRank = this.#nodes.get(parts?.[0].toString() ?? "");
      if (parts === undefined || nodeRank === undefined) continue;
      this.#present.add(nodeRank);
      this.#heard.add(nodeRank);
      receive(nodeRank, decode(parts[1]));
    }
  }

  /** The next message; `undefined` if there is none now: an address is being bound, or the socket closed. */
  async #receive(): Promise<Buffer[] | undefined> {
    try {
      return await this.#router.receive();
    } catch (error) {
      const binding = hasCode(error, "EBUSY");
      if (binding || this.#router.closed) return undefined;
      throw error;
    }
  }

  /** Counts strangers. */
  async #watch(): Promise<void> {
    for await (const event of this.#router.events)
      if (event.type.startsWith("handshake:error")) this.#refused++;
  }

  /** A message cannot be sent when the connection is gone. */
  #lose(nodeRank: number): void {
    if (this.#present.delete(nodeRank) && !this.#router.closed) this.#lost(nodeRank);
  }
}

const ALIVE: ControlMessage = { kind: "alive" };

export interface LinkOptions {
  readonly endpoint: string;
  readonly invitation: Invitation;
  readonly heartbeatMs: number;
  readonly receive: (message: ControlMessage, encoded: Uint8Array) => void;
  /** There is no connection, or none any more; called once. */
  readonly lost: (reason: string) => void;
}

/** The agent's end. A connection that breaks is not made again: what was on its way would be missing. */
export class Link {
  readonly #options: LinkOptions;
  readonly #dealer: zmq.Dealer;
  readonly #outbox: Outbox<Uint8Array>;
  #over = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { endpoint, invitation, heartbeatMs } = options;
    const library = requireNative<typeof zmq>("zeromq");
    this.#dealer = new library.Dealer({
      ...clientOptions(invitation.keys, invitation.serverKey),
      ...unlimited,
      ...heartbeat(heartbeatMs),
      connectTimeout: heartbeatMs,
      reconnectInterval: -1,
      routingId: invitation.name,
      ipv6: endpoint.includes("["),
      linger: 500,
    });
    void this.#watch();
    this.#dealer.connect(endpoint);
    this.#outbox = new Outbox(async (bytes) => this.#dealer.send(bytes), ignore);
    void this.#deliver();
  }

  send(message: ControlMessage): void {
    this.#outbox.post(encode(message));
  }

  /** Resolves when everything has been handed to ZeroMQ. */
  async close(): Promise<void> {
    this.#over = true;
    await this.#outbox.flushed();
    this.#dealer.close();
  }

  async #deliver(): Promise<void> {
    while (!this.#dealer.closed) {
      const [encoded] = (await this.#dealer.receive().catch(ignore)) ?? [];
      if (encoded) this.#options.receive(decode(encoded), encoded);
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#dealer.events) {
      const reason = reasons[type];
      if (reason === undefined || this.#over) continue;
      this.#over = true;
      this.#options.lost(reason);
    }
  }
}

/** Events of a connection that say that it is over. */
const reasons: Readonly<Record<string, string>> = {
  close: "nothing answers there",
  disconnect: "it was cut or ended",
  "handshake:error:auth": "it refuses the keys of this job",
  "handshake:error:protocol": "it is no tsmpirun",
  "handshake:error:other": "it hung up",
};

function ignore(): undefined {
  return undefined;
}
