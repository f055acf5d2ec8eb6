import { createServer, type Socket } from "node:net";
import { messageOf } from "../../thrown.js";
import type { Boot } from "../boot.js";
import { openWithin } from "../wire/ports.js";
import { sockets } from "./tcp/sockets.js";
import { type Place, socketOptions, Tcp, type TcpTransport } from "./tcp/tcp-transport.js";
import type { Sink } from "./transport.js";

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
    throw new Error(
      `tcp: rank ${boot.rank} cannot listen on ${boot.address} (${messageOf(cause)}); choose an address of this host`,
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
