/**
 * Rank 1 of 2 in a process of its own: a fixture of zmq.test.ts, which is rank 0. Gets its keys and the address book
 * over IPC, and then lets go of that channel, so that only the transport can keep this process alive.
 *
 * - `echo`: sends one message back and is done, without `close`
 * - `wait`: waits for a message that never comes
 * - `close`: posts 20 MB and a thousand numbers, closes
 * - `busy`: computes for a second and a half before it looks at anything
 */
import { openZmq } from "../../../src/comm/transports/zmq.js";
import { pattern, Rank } from "./network-rank.js";

const [, , mode] = process.argv;
const next = <T>() => new Promise<T>((resolve) => process.once("message", (message: T) => resolve(message)));

const curve = await next<{ publicKey: string; secretKey: string }>();
const rank = new Rank();
const { endpoint, connect } = await openZmq(
  { rank: 1, size: 2, jobId: "test", curve, address: "127.0.0.1" },
  rank,
);
process.send?.(endpoint);
const book = await next<string[]>();
rank.transport = connect(book);
process.disconnect();

if (mode === "busy") for (const end = performance.now() + 1500; performance.now() < end;);
if (mode === "wait") await rank.receive();
if (mode === "close") {
  void rank.post(0, 0, pattern(20_000_000, 1));
  for (let id = 1; id <= 1000; id++) void rank.post(0, id, pattern(8, id));
  await rank.transport.close();
} else {
  const { header, bytes } = await rank.receive();
  await rank.post(0, header[0], bytes);
  if (mode === "wait") await rank.receive();
}
