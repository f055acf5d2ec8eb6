import { connect as connectSocket, type Socket, type TcpSocketConnectOpts } from "node:net";
import { accept, answer, DepartedError, dial, type Member, Pieces, StrangerError } from "./handshake.js";
import type { Peer } from "./peer.js";
import type { SealKeys } from "./seal.js";

const ATTEMPTS = 3;
const RETRY_MS = 50;
/** Connections that have not proved anything yet, besides two for each rank. */
const GUESTS = 64;

/** What comes of meetings. */
interface Found {
  peer(rank: number): Peer;
  /** Of any rank, even one that a stranger has made up. */
  isConnected(rank: number): boolean;
  /** Both ends have proved that they know the job's secret. */
  establish(peer: Peer, socket: Socket, pieces: Pieces, keys: SealKeys): void;
  lose(peer: Peer, reason: Error): void;
  wake(): void;
}

/** How two ranks come by the one connection between them: each may dial, and who dials proves that it is of the job. */
export class Meetings {
  /** Strangers that were turned away. */
  refused = 0;
  readonly #member: Member;
  readonly #book: readonly string[];
  readonly #options: Omit<TcpSocketConnectOpts, "port">;
  readonly #found: Found;
  /** Who has connected and not proved anything yet. */
  readonly #guests = new Set<Socket>();

  /** @param book - Endpoints of all ranks. */
  constructor(
    member: Member,
    book: readonly string[],
    options: Omit<TcpSocketConnectOpts, "port">,
    found: Found,
  ) {
    this.#member = member;
    this.#book = book;
    this.#options = options;
    this.#found = found;
  }

  /** Makes the connection to a peer. Of two ranks that do so at the same time, the lower one's is kept. */
  dial(peer: Peer, attempt = 1): void {
    const [host, port] = this.#book[peer.rank].split(" ");
    const socket = connectSocket({ host, port: Number(port), ...this.#options });
    peer.dialing = socket.unref();
    peer.dialedMs = performance.now();
    let cause: Error | undefined;
    socket.on("error", (error) => (cause = error));
    const pieces = new Pieces(socket);
    void dial(socket, pieces, this.#member, peer.rank).then(
      (keys) => {
        if (peer.dialing !== socket) return void socket.destroy(); // the peer's own was kept
        peer.dialing = undefined;
        if (keys !== "busy") return this.#found.establish(peer, socket, pieces, keys);
        peer.called = true; // it dials
        socket.destroy();
      },
      (error: unknown) => {
        socket.destroy();
        if (peer.dialing !== socket) return;
        const reason = cause ?? (error instanceof Error ? error : new Error(String(error)));
        const final = reason instanceof StrangerError || attempt === ATTEMPTS;
        if (final) return this.#found.lose(peer, new Error(`${reason.message}, tried ${attempt} times`));
        setTimeout(() => {
          if (peer.dialing === socket) this.dial(peer, attempt + 1);
        }, RETRY_MS * attempt);
      },
    );
  }

  /** Someone has connected. */
  receive(socket: Socket): void {
    const pieces = new Pieces(socket);
    socket.on("error", () => undefined); // the end of the connection tells
    socket.unref().resume();
    this.#guests.add(socket);
    // Those who say nothing are not waited for when there are many of them; ranks that compute are few.
    if (this.#guests.size > 2 * this.#member.size + GUESTS)
      for (const oldest of this.#guests) {
        oldest.destroy();
        break;
      }
    void this.#welcome(socket, pieces)
      .catch((error: unknown) => {
        if (!this.#isKnown(error)) this.refused++;
        socket.destroy();
        this.#found.wake();
      })
      .finally(() => this.#guests.delete(socket));
  }

  /**
   * Whether who has left is a rank that this one is connected with: of two that dial at the same time, one connection is
   * not kept, and a rank that ends does not wait to be told which.
   */
  #isKnown(error: unknown): boolean {
    return error instanceof DepartedError && this.#found.isConnected(error.rank);
  }

  async #welcome(socket: Socket, pieces: Pieces): Promise<void> {
    const { rank, keys } = await accept(socket, pieces, this.#member);
    const peer = this.#found.peer(rank);
    const isMine = peer.dialing !== undefined && this.#member.rank < rank;
    if (peer.connection !== undefined || peer.lost !== undefined || isMine) {
      await answer(socket, "busy").catch(() => undefined); // it may have ended meanwhile
      return void socket.end();
    }
    peer.dialing = undefined; // it goes on until it is told that the other is busy
    peer.called = true;
    try {
      await answer(socket, "welcome");
    } catch (error) {
      return this.#found.lose(peer, error instanceof Error ? error : new Error(String(error)));
    }
    this.#found.establish(peer, socket, pieces, keys);
  }

  /** Guests are waited for no more. */
  end(): void {
    for (const guest of this.#guests) guest.destroy();
  }
}
