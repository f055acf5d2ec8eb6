/**
 * Ten million messages of 8 bytes from rank 0 to rank 1, which looks at each:
 *
 *     npx tsmpirun -n 2 test/comm/soak/ten-million.ts
 */
import { init } from "../../../src/index.js";

const world = await init();
const count = Number(process.argv[2] ?? 10_000_000);
const look = (): string =>
  `RSS ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB, heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB, ` +
  `handles ${process.getActiveResourcesInfo().length}`;

const x = new Float64Array(1);
for (const [phase, messages] of [
  ["warm-up", 200_000],
  ["measured", count],
] as const) {
  await world.barrier();
  const before = look();
  const begun = performance.now();
  for (let i = 0; i < messages; i++) {
    if (world.rank === 0) {
      x[0] = i;
      await world.send(x, 1);
    } else if (world.rank === 1) {
      await world.recv({ source: 0, into: x });
      if (x[0] !== i) throw new Error(`message ${i} holds ${x[0]}`);
    }
  }
  await world.barrier();
  const seconds = (performance.now() - begun) / 1000;
  for (let rank = 0; rank < 2; rank++) {
    if (world.rank === rank)
      console.log(
        `${phase}, rank ${rank}: ${messages} messages in ${seconds.toFixed(1)} s, ${Math.round(messages / seconds)}/s; before: ${before}; after: ${look()}`,
      );
    await world.barrier();
  }
}
