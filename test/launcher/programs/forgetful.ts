// A program that ends with something forgotten: forgetful.ts WHAT
import { init } from "tsmpi";

const world = await init();
const { rank } = world;
const other = 1 - rank;

switch (process.argv[2]) {
  case "unreceived":
    if (rank === 0) await world.send(new Float64Array(3), 1, { tag: 7 });
    break;
  case "waiting":
    if (rank === 0) void world.recv({ source: 1, tag: 8 });
    break;
  case "unawaited":
    if (rank === 0) void world.send(1, 1, { tag: 9 });
    else await world.recv({ source: 0, tag: 9 });
    break;
  case "failed":
    if (rank === 0) void world.recv({ into: new Int32Array(1), source: 1 });
    else await world.send(new Float64Array(5), 0);
    break;
  case "late":
    await world.barrier();
    if (rank === 0) await world.recv({ source: other }); // who has ended sends no more
    break;
  case "in order":
    for (let i = 0; i < 100; i++) await world.send(i, other);
    for (let i = 0; i < 100; i++) if ((await world.recv<number>()) !== i) throw new Error("lost");
}
await (process.argv[2] === "late" ? undefined : world.barrier());
