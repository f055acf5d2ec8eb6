import { test } from "tap";
import type { Transport } from "../../../src/comm/transports/transport.js";
import { pattern, type Rank } from "./network-rank.js";

interface World {
  readonly ranks: readonly Rank<Transport>[];
  readonly close: () => Promise<unknown>;
}

const limits = { timeout: 90_000 };

/**
 * What transports between hosts have in common.
 *
 * @param how - Part of the titles.
 * @param open - Opens so many ranks in this process, connected to each other.
 * @param sizes - Of messages, in bytes.
 */
export function networkTests(
  how: string,
  open: (size: number) => Promise<World>,
  sizes: readonly number[],
): void {
  void test(`messages arrive whole and in the order of post, ${how}`, limits, async (t) => {
    const { ranks, close } = await open(3);
    const [sender, ...receivers] = ranks;
    const payloads = sizes.map((bytes, id) => pattern(bytes, id));
    for (const [id, payload] of payloads.entries())
      for (const dest of [1, 2]) void sender.post(dest, id, payload);
    const pump = sender.until(() => receivers.every(({ inbox }) => inbox.length === sizes.length));
    for (const receiver of receivers) {
      await receiver.until(() => receiver.inbox.length === sizes.length);
      for (const [id, payload] of payloads.entries()) {
        const { source, header, bytes } = receiver.inbox[id];
        t.same([source, ...header], [0, id, 0]);
        t.ok(Buffer.compare(bytes, payload) === 0, `${payload.length} bytes`);
      }
    }
    sender.transport.wake();
    await pump;
    await close();
  });

  void test(`long messages cross without waiting for each other, ${how}`, limits, async (t) => {
    const size = 4;
    const { ranks, close } = await open(size);
    const bytes = 6_000_000; // more than the kernel holds
    for (const [source, rank] of ranks.entries())
      for (let dest = 0; dest < size; dest++)
        if (dest !== source) void rank.post(dest, dest, pattern(bytes, 10 * source + dest));
    await Promise.all(ranks.map((rank) => rank.until(() => rank.inbox.length === size - 1)));
    for (const [dest, rank] of ranks.entries())
      for (const { source, bytes: payload } of rank.inbox)
        t.ok(Buffer.compare(payload, pattern(bytes, 10 * source + dest)) === 0, `${source} to ${dest}`);
    await close();
  });

  void test(`payloads are taken from shared and from offset memory, ${how}`, limits, async (t) => {
    const { ranks, close } = await open(2);
    const shared = new Uint8Array(new SharedArrayBuffer(300_000), 100, 200_000);
    shared.set(pattern(200_000, 5));
    void ranks[0].post(1, 0, shared);
    void ranks[0].post(1, 1, shared.subarray(7, 107));
    t.ok(Buffer.compare((await ranks[1].receive()).bytes, shared) === 0);
    t.ok(Buffer.compare((await ranks[1].receive()).bytes, shared.subarray(7, 107)) === 0);
    await close();
  });

  void test(`close delivers everything that was posted, ${how}`, limits, async (t) => {
    const { ranks, close } = await open(3);
    for (const [source, rank] of ranks.entries()) {
      const next = (source + 1) % 3;
      void rank.post(next, 0, pattern(20_000_000, source));
      for (let id = 1; id <= 1000; id++) void rank.post(next, id, pattern(100, id));
    }
    await close();
    for (const [rank, { inbox, losses }] of ranks.entries()) {
      t.same(
        inbox.map(({ header }) => header[0]),
        Array.from({ length: 1001 }, (_, id) => id),
      );
      t.ok(Buffer.compare(inbox[0].bytes, pattern(20_000_000, (rank + 2) % 3)) === 0);
      t.same(losses, []);
    }
  });
}
