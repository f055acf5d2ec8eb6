import { createServer, connect as connectSocket, type Server, type Socket } from "node:net";
import type { Boot } from "../boot.js";
import { Connection } from "./tcp/connection.js";
import { accept, answer, DepartedError, dial, type Member, Pieces, StrangerError } from "./tcp/handshake.js";
import type { SealKeys } from "./tcp/seal.js";
import { POLL_INPUT, type Sockets, sockets } from "./tcp/sockets.js";
import { haveParted } from "./parting.js";
import type { Sink, Transport } from "./transport.js";
import { openWithin } from "../wire/ports.js";

/** How long a rank polls before it sleeps in its event loop. */
const POLL_US = 1000;
/** Polls at full speed before the core is given up between two. */
const SPINS = 32;
/** Up to so many connections are read one by one; the kernel is asked which of more have something. */
const READ_EACH = 3;
/** How often a rank that does not poll looks at its connections. */
const TICK_MS = 50;
/** While something waits for room in the kernel, a rank that sleeps looks this often. */
const ROOM_MS = 1;
/** How often the kernel is asked for how long a peer's host has been silent. */
const PROBE_MS = 1000;
/** From the first probe of a quiet connection that is not answered to its end, as Node asks of the kernel. */
const KERNEL_MS = 10_000;
const ATTEMPTS = 3;
const RETRY_MS = 50;

/** What a rank knows of itself and of the job; without `hosts` all are on one, and it is waited for 15 s. */
export type Place = Pick<Boot, "rank" | "size" | "curve" | "key"> &
  Partial<Pick<Boot, "hosts" | "silentMs" | "ports">>;

const SILENT_MS = 15_000;

/** Turns away who does not know the job's secret; gives up a connection on which nonsense comes. */
export type TcpTransport = Transport & Required<Pick<Transport, "refused" | "malformed">>;

/**
 * Opens the port on which this rank is reached; with the endpoints of all ranks, `connect` makes the transport. Local.
 *
 * Two ranks share one connection, made on first use. A rank that waits polls its sockets directly, by system calls that
 * do not wait, and reads large payloads straight to where they belong; one that sleeps is woken by its event loop. What
 * a peer does not take stays with the sender: TCP's own windows are the flow control. Both ends of a connection prove
 * that they know the job's secret; with `curve` all that follows is encrypted and authenticated.
 *
 * @throws {Error} If the address cannot be bound, or koffi has no build for this platform.
 */
export async function openTcp(
  boot: Place & Pick<Boot, "address">,
  sink: Sink,
): Promise<{ readonly endpoint: string; readonly connect: (book: readonly string[]) => TcpTransport }> {
  const system = sockets();
  const server = createServer(socketOptions(boot));
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject).listen({ host: boot.address, port, backlog: 1024 }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  await openWithin(boot.ports, listen, boot.rank).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `tcp: rank ${boot.rank} cannot listen on ${boot.address} (${why}); choose an address of this host`,
      {
        cause,
      },
    );
  });
  server.unref();
  const place = server.address();
  const port = typeof place === "object" && place !== null ? place.port : 0;
  // Who comes before the address book is here waits.
  const early: Socket[] = [];
  const keep = (socket: Socket): void => void early.push(socket.pause());
  server.on("connection", keep);
  const connect = (book: readonly string[]): TcpTransport => {
    if (book.length !== boot.size)
      throw new RangeError(`tcp: an address book of ${book.length} endpoints for ${boot.size} ranks`);
    server.off("connection", keep);
    return new Tcp(boot, sink, book, system, server, early);
  };
  return { endpoint: `${boot.address} ${port}`, connect };
}

interface Posted {
  readonly header: Int32Array;
  readonly payload: Uint8Array;
  readonly sent: () => void;
}

interface Peer {
  readonly rank: number;
  connection: Connection | undefined;
  /** The connection that this rank makes. */
  dialing: Socket | undefined;
  /** The peer makes the connection. */
  called: boolean;
  /** What was posted before there was a connection. */
  readonly pending: Posted[];
  /** The peer will post no more. */
  saidBye: boolean;
  /** The peer has everything that this rank posted. */
  tookAll: boolean;
  lost: Error | undefined;
  /** The sink knows. */
  reported: boolean;
}

class Tcp implements TcpTransport {
  readonly kind = "tcp";
  readonly pollUs = POLL_US;
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly number[] | undefined;
  refused = 0;
  malformed = 0;
  readonly #member: Member;
  readonly #silentMs: number;
  readonly #socketOptions: ReturnType<typeof socketOptions>;
  readonly #sink: Sink;
  readonly #book: readonly string[];
  readonly #system: Sockets;
  readonly #server: Server;
  readonly #peers = new Map<number, Peer>();
  readonly #guests = new Set<Socket>();
  #connections: Connection[] = [];
  /** A `struct pollfd` for each connection. */
  #descriptors = new Int32Array(0);
  readonly #ticker: NodeJS.Timeout;
  #wake: (() => void) | undefined;
  #lastArrival = 0;
  #lastProbe = 0;
  #closing: Promise<void> | undefined;

  constructor(
    boot: Place,
    sink: Sink,
    book: readonly string[],
    system: Sockets,
    server: Server,
    early: readonly Socket[],
  ) {
    this.rank = boot.rank;
    this.size = boot.size;
    this.hosts = boot.hosts;
    this.#member = { rank: boot.rank, size: boot.size, key: boot.key, sealed: boot.curve !== undefined };
    this.#silentMs = boot.silentMs ?? SILENT_MS;
    this.#socketOptions = socketOptions(boot);
    this.#sink = sink;
    this.#book = book;
    this.#system = system;
    this.#server = server;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
    server.on("connection", (socket: Socket) => this.#receive(socket));
    for (const socket of early) this.#receive(socket);
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const peer = this.#peers.get(dest) ?? this.#peer(dest);
    if (peer.connection !== undefined && peer.lost === undefined)
      return peer.connection.post(header, payload, sent);
    if (peer.lost !== undefined) {
      this.#report(peer, peer.lost);
      return sent();
    }
    peer.pending.push({ header: header.slice(), payload, sent });
    if (peer.dialing === undefined && !peer.called) this.#dial(peer);
  }

  get alone(): boolean {
    return this.#connections.length === 0;
  }

  progress(): boolean {
    const connections = this.#connections;
    const { length } = connections;
    let moved = false;
    if (length <= READ_EACH) {
      for (let i = 0; i < length; i++) moved = (connections[i]?.progress() ?? false) || moved;
    } else {
      const ready = this.#system.poll(this.#descriptors, length, 0);
      for (let i = 0; i < length && (ready > 0 || i === 0); i++) {
        if (this.#descriptors[2 * i + 1] >>> 16 !== 0) moved = connections[i].read() || moved;
        if (this.#connections !== connections) break; // one of them was lost
      }
      for (const connection of this.#connections) if (connection.blocked) moved = connection.flush() || moved;
    }
    if (moved && this.#closing !== undefined) this.#lastArrival = performance.now();
    return moved;
  }

  relax(round: number): void {
    if (round > SPINS) this.#system.yieldCore();
  }

  async sleep(ready: () => boolean): Promise<void> {
    if (this.progress() || ready()) return;
    const blocked = this.#connections.some((connection) => connection.blocked);
    const timer = blocked ? setTimeout(() => this.wake(), ROOM_MS) : undefined;
    this.#ticker.ref();
    await new Promise<void>((wake) => (this.#wake = wake));
    this.#ticker.unref();
    clearTimeout(timer);
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lastArrival = performance.now();
    for (const { connection } of this.#peers.values()) connection?.signal("bye");
    while (!this.#settled()) {
      await this.sleep(() => false); // ticks wake it, too
    }
    clearInterval(this.#ticker);
    this.#server.close();
    for (const guest of this.#guests) guest.destroy();
    // What the kernel still holds it delivers; peers that post more learn that this rank has finished.
    for (const connection of this.#connections) connection.socket.end();
    this.wake();
  }

  #settled(): boolean {
    const silenceMs = performance.now() - this.#lastArrival;
    return haveParted(this.#peers.values(), silenceMs, (peer) => peer.connection?.blocked === true);
  }

  #peer(rank: number): Peer {
    const peer: Peer = {
      rank,
      connection: undefined,
      dialing: undefined,
      called: false,
      pending: [],
      saidBye: false,
      tookAll: false,
      lost: undefined,
      reported: false,
    };
    this.#peers.set(rank, peer);
    return peer;
  }

  // --- connecting -----------------------------------------------------------------------------

  /** Makes the connection to a peer. Of two ranks that do so at the same time, the lower one's is kept. */
  #dial(peer: Peer, attempt = 1): void {
    const [host, port] = this.#book[peer.rank].split(" ");
    const socket = connectSocket({ host, port: Number(port), ...this.#socketOptions });
    peer.dialing = socket.unref();
    let cause: Error | undefined;
    socket.on("error", (error) => (cause = error));
    const pieces = new Pieces(socket);
    void dial(socket, pieces, this.#member, peer.rank).then(
      (keys) => {
        if (peer.dialing !== socket) return void socket.destroy(); // the peer's own was kept
        peer.dialing = undefined;
        if (keys !== "busy") return this.#establish(peer, socket, pieces, keys);
        peer.called = true; // it dials
        socket.destroy();
      },
      (error: unknown) => {
        socket.destroy();
        if (peer.dialing !== socket) return;
        const reason = cause ?? (error instanceof Error ? error : new Error(String(error)));
        const final = reason instanceof StrangerError || attempt === ATTEMPTS;
        if (final) return this.#lose(peer, new Error(`${reason.message}, tried ${attempt} times`));
        setTimeout(() => {
          if (peer.dialing === socket) this.#dial(peer, attempt + 1);
        }, RETRY_MS * attempt);
      },
    );
  }

  /** Someone has connected. */
  #receive(socket: Socket): void {
    const pieces = new Pieces(socket);
    socket.on("error", () => undefined); // the end of the connection tells
    socket.unref().resume();
    this.#guests.add(socket);
    // Those who say nothing are not waited for when there are many of them; ranks that compute are few.
    if (this.#guests.size > 2 * this.size + GUESTS)
      for (const oldest of this.#guests) {
        oldest.destroy();
        break;
      }
    void this.#welcome(socket, pieces)
      .catch((error: unknown) => {
        if (!this.#isKnown(error)) this.refused++;
        socket.destroy();
        this.wake();
      })
      .finally(() => this.#guests.delete(socket));
  }

  /**
   * Whether who has left is a rank that this one is connected with: of two that dial at the same time, one connection is
   * not kept, and a rank that ends does not wait to be told which.
   */
  #isKnown(error: unknown): boolean {
    return error instanceof DepartedError && this.#peers.get(error.rank)?.connection !== undefined;
  }

  async #welcome(socket: Socket, pieces: Pieces): Promise<void> {
    const { rank, keys } = await accept(socket, pieces, this.#member);
    const peer = this.#peers.get(rank) ?? this.#peer(rank);
    const isMine = peer.dialing !== undefined && this.rank < rank;
    if (peer.connection !== undefined || peer.lost !== undefined || isMine) {
      await answer(socket, "busy").catch(() => undefined); // it may have ended meanwhile
      return void socket.end();
    }
    peer.dialing = undefined; // it goes on until it is told that the other is busy
    peer.called = true;
    try {
      await answer(socket, "welcome");
    } catch (error) {
      return this.#lose(peer, error instanceof Error ? error : new Error(String(error)));
    }
    this.#establish(peer, socket, pieces, keys);
  }

  #establish(peer: Peer, socket: Socket, pieces: Pieces, keys: SealKeys): void {
    const connection = new Connection(
      socket,
      peer.rank,
      this.#member.sealed ? keys : undefined,
      this.#system,
      this.#sink,
      {
        bye: () => {
          peer.saidBye = true;
          connection.signal("done");
        },
        done: () => (peer.tookAll = true),
        lost: (reason, malformed) => {
          if (malformed) this.malformed++;
          this.#lose(peer, reason);
        },
      },
    );
    const rest = pieces.release();
    peer.connection = connection;
    this.#list([...this.#connections, connection]);
    socket.on("data", (bytes: Buffer) => {
      connection.take(bytes);
      this.#lastArrival = performance.now();
      this.wake();
    });
    socket.on("end", () => connection.ended()).on("close", () => connection.ended());
    for (const { header, payload, sent } of peer.pending.splice(0)) connection.post(header, payload, sent);
    if (this.#closing !== undefined) connection.signal("bye");
    if (rest.length > 0) connection.take(rest);
    if (socket.destroyed || socket.readableEnded) connection.ended();
    this.wake();
  }

  #list(connections: Connection[]): void {
    this.#connections = connections;
    this.#descriptors = new Int32Array(2 * connections.length);
    for (const [i, { fd }] of connections.entries()) {
      this.#descriptors[2 * i] = fd;
      this.#descriptors[2 * i + 1] = POLL_INPUT;
    }
  }

  // --- losing ---------------------------------------------------------------------------------

  #tick(): void {
    const now = performance.now();
    if (now - this.#lastProbe > PROBE_MS) {
      this.#lastProbe = now;
      for (const connection of this.#connections) {
        const silentMs = connection.socket.destroyed ? 0 : this.#system.silentMs(connection.fd);
        if (silentMs > this.#silentMs)
          connection.fail(new Error(`its host has not answered for ${Math.round(silentMs / 1000)} s`));
      }
    }
    for (const connection of this.#connections) if (connection.blocked) connection.flush();
    if (this.#closing !== undefined) this.wake();
  }

  #lose(peer: Peer, reason: Error): void {
    if (peer.lost !== undefined) return;
    const { connection } = peer;
    const posted = peer.pending.splice(0);
    peer.lost = peer.saidBye ? new Error("it has finished") : reason;
    peer.dialing?.destroy();
    peer.dialing = undefined;
    connection?.close();
    this.#list(this.#connections.filter((other) => other !== connection));
    // A peer that has said goodbye is missed only if something is still posted to it.
    if (!peer.saidBye || posted.length > 0) {
      const what = `its connection with rank ${this.rank} broke: ${reason.message}`;
      this.#report(peer, new Error(what, { cause: reason }));
    }
    for (const { sent } of posted) sent();
    this.wake();
  }

  #report(peer: Peer, reason: Error): void {
    if (peer.reported) return;
    peer.reported = true;
    this.#sink.lost(peer.rank, reason);
  }
}

/** Connections that have not proved anything yet, besides two for each rank. */
const GUESTS = 64;

/** A quiet connection is probed by the kernel, so that the end of a host that says nothing is noticed. */
function socketOptions({ silentMs = SILENT_MS }: Place) {
  const keepAliveInitialDelay = Math.max(PROBE_MS, silentMs - KERNEL_MS);
  return { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay } as const;
}
