/**
 * Rank 1 of 2 in a process of its own: a fixture of tcp.test.ts, which is rank 0. Gets the address book over IPC, and
 * then lets go of that channel, so that only the transport can keep this process alive.
 *
 * - `echo`: sends one message back and is done, without `close`
 * - `wait`: sends one message back, then waits for one that never comes
 * - `close`: posts 20 MB and a thousand numbers, closes
 * - `busy`: computes for a second and a half before it looks at anything
 */
import type { TcpTransport } from "../../../src/comm/transports/tcp/tcp-transport.js";
import { open } from "./tcp-world.js";
import { pattern, Rank } from "./network-rank.js";

const [, , mode] = process.argv;
const rank = new Rank<TcpTransport>();
const { endpoint, connect } = await open(1, 2, rank);
const message = new Promise<string[]>((resolve) =>
  process.once("message", (book: string[]) => resolve(book)),
);
process.send?.(endpoint);
rank.transport = connect(await message);
process.disconnect();

if (mode === "busy") for (const end = performance.now() + 1500; performance.now() < end;);
if (mode === "close") {
  void rank.post(0, 0, pattern(20_000_000, 1));
  for (let id = 1; id <= 1000; id++) void rank.post(0, id, pattern(8, id));
  await rank.transport.close();
} else {
  const { header, bytes } = await rank.receive();
  await rank.post(0, header[0], bytes);
  if (mode === "wait") await rank.receive();
}
