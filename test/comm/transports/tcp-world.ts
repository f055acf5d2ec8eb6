import type { Sink } from "../../../src/comm/transports/transport.js";
import { openTcp } from "../../../src/comm/transports/tcp.js";
import type { Place, TcpTransport } from "../../../src/comm/transports/tcp/tcp-transport.js";
import { Rank } from "./network-rank.js";

export const KEY = "5e".repeat(32);
const curve = { publicKey: "", secretKey: "" }; // that there is one asks for encryption

export function place(rank: number, size: number, sealed = true, key = KEY): Place & { address: string } {
  return { rank, size, key, curve: sealed ? curve : undefined, address: "127.0.0.1" };
}

/** Opens one rank. */
export function open(rank: number, size: number, sink: Sink, sealed = true, key = KEY) {
  return openTcp(place(rank, size, sealed, key), sink);
}

/** Opens `size` ranks in this process, connected to each other. */
export async function world(size: number, { sealed = true } = {}) {
  const ranks = Array.from({ length: size }, () => new Rank<TcpTransport>());
  const opened = await Promise.all(ranks.map((sink, rank) => open(rank, size, sink, sealed)));
  const book = opened.map(({ endpoint }) => endpoint);
  for (const [rank, { connect }] of opened.entries()) ranks[rank].transport = connect(book);
  const close = () => Promise.all(ranks.map(({ transport }) => transport.close()));
  return { ranks, book, close };
}

/** Port of an endpoint. */
export function portOf(endpoint: string): number {
  return Number(endpoint.split(" ")[1]);
}
