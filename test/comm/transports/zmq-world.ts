import type * as zmq from "zeromq";
import { requireNative } from "../../../src/native.js";
import type { KeyPair } from "../../../src/comm/transports/zmq/curve.js";
import { openZmq } from "../../../src/comm/transports/zmq.js";
import type { ZmqTransport } from "../../../src/comm/transports/zmq/zmq-transport.js";
import { Rank } from "./network-rank.js";

export const library = requireNative<typeof zmq>("zeromq");

/** Opens `size` ranks in this process, connected to each other. */
export async function world(size: number, options: { curve?: KeyPair; plain?: boolean } = {}) {
  const curve = options.plain ? undefined : (options.curve ?? library.curveKeyPair());
  const ranks = Array.from({ length: size }, () => new Rank<ZmqTransport>());
  const opened = await Promise.all(
    ranks.map((sink, rank) => openZmq({ rank, size, jobId: "test", curve, address: "127.0.0.1" }, sink)),
  );
  const book = opened.map(({ endpoint }) => endpoint);
  for (const [rank, { connect }] of opened.entries()) ranks[rank].transport = connect(book);
  const close = () => Promise.all(ranks.map(({ transport }) => transport.close()));
  return { ranks, book, curve, close };
}
