/** Prints, on rank 0, where every rank runs, and whether the ranks found each other. */
import { init } from "tsmpi";

const world = await init();
const big = new Float64Array(100_000).fill(world.rank + 1);
await world.allreduce(big, { into: big });
const { rank, host, localRank, localSize, nodeRank, nodes, transport } = world;
const places = await world.gather(
  `${rank}@${host} ${localRank}/${localSize} ${nodeRank}/${nodes} ${transport} ${big[99_999]}`,
);
if (rank === 0) console.log(places?.join("\n"));
if (process.argv[2] === "fail") {
  if (rank === Number(process.argv[3])) throw new Error("on purpose");
  await world.recv();
}
