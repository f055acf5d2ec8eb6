import type { Server, Socket } from "node:net";
import type { Boot } from "../../boot.js";
import { haveParted } from "../parting.js";
import type { Sink, Transport } from "../transport.js";
import { Connection, descriptorOf } from "./connection.js";
import { Connections } from "./connections.js";
import type { Pieces } from "./handshake.js";
import { Meetings } from "./meetings.js";
import { newPeer, type Peer } from "./peer.js";
import type { SealKeys } from "./seal.js";
import type { Sockets } from "./sockets.js";

/** How long a rank polls before it sleeps in its event loop. */
const POLL_US = 1000;
/** Polls at full speed before the core is given up between two. */
const SPINS = 32;
/** How often a rank that does not poll looks at its connections. */
const TICK_MS = 50;
/** While something waits for room in the kernel, a rank that sleeps looks this often. */
const ROOM_MS = 1;
/** How often the kernel is asked for how long a peer's host has been silent. */
const PROBE_MS = 1000;
/** From the first probe of a quiet connection that is not answered to its end, as Node asks of the kernel. */
const KERNEL_MS = 10_000;

/** What a rank knows of itself and of the job; without `hosts` all are on one, and it is waited for 15 s. */
export type Place = Pick<Boot, "rank" | "size" | "curve" | "key"> &
  Partial<Pick<Boot, "hosts" | "silentMs" | "ports">>;

const SILENT_MS = 15_000;

/** Turns away who does not know the job's secret; gives up a connection on which nonsense comes. */
export type TcpTransport = Transport & Required<Pick<Transport, "refused" | "malformed">>;

/** The transport over the sockets of one rank; see {@link openTcp} in ../tcp.ts. */
export class Tcp implements TcpTransport {
  readonly kind = "tcp";
  readonly pollUs = POLL_US;
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly number[] | undefined;
  malformed = 0;
  readonly #sealed: boolean;
  readonly #silentMs: number;
  readonly #sink: Sink;
  readonly #system: Sockets;
  readonly #server: Server;
  readonly #peers = new Map<number, Peer>();
  readonly #connections: Connections;
  readonly #meetings: Meetings;
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
    this.#sealed = boot.curve !== undefined;
    this.#silentMs = boot.silentMs ?? SILENT_MS;
    this.#sink = sink;
    this.#system = system;
    this.#connections = new Connections(system);
    const member = { rank: boot.rank, size: boot.size, key: boot.key, sealed: this.#sealed };
    this.#meetings = new Meetings(member, book, socketOptions(boot), {
      peer: (rank) => this.#peer(rank),
      isConnected: (rank) => this.#peers.get(rank)?.connection !== undefined,
      establish: (...met) => this.#establish(...met),
      lose: (peer, reason) => this.#lose(peer, reason),
      wake: () => this.wake(),
    });
    this.#server = server;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
    server.on("connection", (socket: Socket) => this.#meetings.receive(socket));
    for (const socket of early) this.#meetings.receive(socket);
  }

  post(dest: number, header: Int32Array, payload: Uint8Array, sent: () => void): void {
    const peer = this.#peer(dest);
    if (peer.connection !== undefined && peer.lost === undefined)
      return peer.connection.post(header, payload, sent);
    if (peer.lost !== undefined) {
      this.#report(peer, peer.lost);
      return sent();
    }
    peer.pending.push({ header: header.slice(), payload, sent });
    if (peer.dialing === undefined && !peer.called) this.#meetings.dial(peer);
  }

  get refused(): number {
    return this.#meetings.refused;
  }

  get alone(): boolean {
    return this.#connections.length === 0;
  }

  progress(): boolean {
    const moved = this.#connections.progress();
    if (moved && this.#closing !== undefined) this.#lastArrival = performance.now();
    return moved;
  }

  relax(round: number): void {
    if (round > SPINS) this.#system.yieldCore();
  }

  async sleep(ready: () => boolean): Promise<void> {
    if (this.progress() || ready()) return;
    const timer = this.#connections.blocked ? setTimeout(() => this.wake(), ROOM_MS) : undefined;
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
    this.#meetings.end();
    // What the kernel still holds it delivers; peers that post more learn that this rank has finished.
    for (const connection of this.#connections.all) connection.socket.end();
    this.wake();
  }

  #settled(): boolean {
    const silenceMs = performance.now() - this.#lastArrival;
    return haveParted(this.#peers.values(), silenceMs, (peer) => peer.connection?.blocked === true);
  }

  #peer(rank: number): Peer {
    let peer = this.#peers.get(rank);
    if (peer === undefined) this.#peers.set(rank, (peer = newPeer(rank)));
    return peer;
  }

  #establish(peer: Peer, socket: Socket, pieces: Pieces, keys: SealKeys): void {
    const connection = new Connection(
      socket,
      peer.rank,
      this.#sealed ? keys : undefined,
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
    this.#connections.add(connection);
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

  // --- losing ---------------------------------------------------------------------------------

  #tick(): void {
    const now = performance.now();
    if (now - this.#lastProbe > PROBE_MS) {
      this.#lastProbe = now;
      for (const connection of this.#connections.all) {
        const silentMs = connection.socket.destroyed ? 0 : this.#system.silentMs(connection.fd);
        if (silentMs > this.#silentMs) connection.fail(silent(silentMs));
      }
      for (const peer of this.#peers.values()) {
        const silentMs = this.#dialedInVainMs(peer);
        if (silentMs > this.#silentMs) this.#lose(peer, silent(silentMs));
      }
    }
    this.#connections.flush();
    if (this.#closing !== undefined) this.wake();
  }

  /** For how long the host of a peer has not answered whom this rank dials. The kernel answers, however busy the peer is. */
  #dialedInVainMs({ dialing, dialedMs }: Peer): number {
    const sinceMs = performance.now() - dialedMs;
    if (dialing === undefined || dialing.destroyed || sinceMs <= this.#silentMs) return 0;
    // The socket itself learns of an answer only when this rank's event loop turns.
    const fd = descriptorOf(dialing);
    return this.#system.isConnecting(fd) ? sinceMs : this.#system.silentMs(fd);
  }

  #lose(peer: Peer, reason: Error): void {
    if (peer.lost !== undefined) return;
    const { connection } = peer;
    const posted = peer.pending.splice(0);
    peer.lost = peer.saidBye ? new Error("it has finished") : reason;
    peer.dialing?.destroy();
    peer.dialing = undefined;
    connection?.close();
    if (connection !== undefined) this.#connections.remove(connection);
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

function silent(ms: number): Error {
  return new Error(`its host has not answered for ${Math.round(ms / 1000)} s`);
}

/** A quiet connection is probed by the kernel, so that the end of a host that says nothing is noticed. */
export function socketOptions({ silentMs = SILENT_MS }: Place) {
  const keepAliveInitialDelay = Math.max(PROBE_MS, silentMs - KERNEL_MS);
  return { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay } as const;
}
