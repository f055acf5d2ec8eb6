import type * as zmq from "zeromq";
import { requireNative } from "../../native.js";
import { messageOf } from "../../thrown.js";
import type { Boot } from "../boot.js";
import { openWithin } from "../wire/ports.js";
import type { Sink } from "./transport.js";
import { Gate, serverOptions } from "./zmq/curve.js";
import { PART_BYTES_MAX } from "./zmq/frames.js";
import { heartbeat } from "./zmq/link.js";
import { type Place, Zmq, type ZmqTransport } from "./zmq/zmq-transport.js";

/** How long a receive waits at a time: a program that is done ends this much later, at most. */
const WAIT_MS = 100;
/**
 * Opens the port on which this rank receives; with the endpoints of all ranks, `connect` makes the transport. Local.
 *
 * Every rank binds one ROUTER, only to receive, and connects a DEALER to each peer on first use, only to send: a
 * ROUTER that sends drops messages, and one socket for each peer tells who was lost. A peer that connects is connected
 * to in turn. Both ends show the job's CURVE key; the gate admits nobody else. With `curve` undefined there is neither
 * secrecy nor proof of membership, only the job id.
 *
 * Receives wait only while somebody sleeps, so that a program that is done can end by itself; otherwise messages are
 * taken from a timer that does not keep the process alive.
 *
 * @throws {Error} If the address cannot be bound.
 */
export async function openZmq(
  boot: Place & Pick<Boot, "address">,
  sink: Sink,
): Promise<{ readonly endpoint: string; readonly connect: (book: readonly string[]) => ZmqTransport }> {
  const library = requireNative<typeof zmq>("zeromq");
  const context = new library.Context();
  const ipv6 = boot.address.includes(":");
  const gate = boot.curve && new Gate(library, context, [boot.curve.publicKey], { waitMs: WAIT_MS });
  const router = new library.Router({
    ...serverOptions(boot.curve),
    ...heartbeat(boot.silentMs),
    context,
    ipv6,
    backlog: 1024,
    linger: 0,
    maxMessageSize: PART_BYTES_MAX,
    receiveHighWaterMark: 0,
    receiveTimeout: WAIT_MS,
  });
  const address = `tcp://${ipv6 ? `[${boot.address}]` : boot.address}`;
  try {
    await openWithin(boot.ports, (port) => router.bind(`${address}:${port || "*"}`), boot.rank);
  } catch (cause) {
    router.close();
    gate?.close();
    throw new Error(
      `zmq: rank ${boot.rank} cannot listen on ${address} (${messageOf(cause)}); choose an address of this host`,
      {
        cause,
      },
    );
  }
  const endpoint = router.lastEndpoint ?? "";
  const connect = (book: readonly string[]): ZmqTransport => {
    if (book.length !== boot.size) {
      throw new RangeError(`zmq: an address book of ${book.length} endpoints for ${boot.size} ranks`);
    }
    return new Zmq(boot, sink, book, { library, context, router, gate });
  };
  return { endpoint, connect };
}
