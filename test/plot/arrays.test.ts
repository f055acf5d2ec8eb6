import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "fast-png";
import { DistributedArray } from "../../src/array/distributed-array.js";
import { Distribution } from "../../src/array/distribution.js";
import { LocalArray } from "../../src/array/local-array.js";
import { StackedArray } from "../../src/array/stacked-array.js";
import { blocksOf } from "../../src/plot/blocks-panel.js";
import { plotArray, plotBlocks, plotDistribution } from "../../src/plot/plot.js";
import { inFolder } from "../io/folder.js";
import { realRanks, spmd } from "../spmd.js";

const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);

await spmd(
  "blocks of a section: each once, with the ranks that hold it, and none that lie elsewhere",
  (comm) => {
    const { size } = comm;
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    const split = new Distribution(comm, [2 * size, 3]);
    assert.deepEqual(
      blocksOf(split, []),
      ranks.map((rank) => ({ ranks: [rank], row: 2 * rank, column: 0, rows: 2, columns: 3 })),
    );
    const whole = new Distribution(comm, [4, 3], { replicated: true });
    assert.deepEqual(blocksOf(whole, []), [{ ranks, row: 0, column: 0, rows: 4, columns: 3 }]);
    const cube = new Distribution(comm, [size, 4, 5]);
    assert.deepEqual(blocksOf(cube, [size - 1]), [
      { ranks: [size - 1], row: 0, column: 0, rows: 4, columns: 5 },
    ]);
    const line = new Distribution(comm, [size]);
    assert.deepEqual(blocksOf(line, [])[0], { ranks: [0], row: 0, column: 0, rows: 1, columns: 1 });
  },
);

await spmd("pictures of arrays: one collective call, drawn on rank 0, titles and owners on them", (comm) =>
  inFolder(comm, async (folder) => {
    const space = new Distribution(comm, [3, 4, 2 * comm.size], { grid: [1, 1, comm.size] });
    const x = DistributedArray.fromFunction(space, (i, j, k) => ({ re: i + j, im: k }), "complex64");
    const path = join(folder, "x.svg");
    await plotArray(path, x, { title: "A < B", label: "volts" });
    if (comm.rank === 0) {
      const svg = await readFile(path, "utf8");
      const found = texts(svg);
      for (const text of ["A &lt; B", "[1, :, :]", "Ranks that own it", "volts", String(comm.size - 1)])
        assert.ok(found.includes(text), text);
      assert.doesNotMatch(svg, /NaN|undefined/);
    }
    await plotArray(path, new StackedArray([x, new LocalArray([5])]), { slices: [0, [0, 2]] }).catch(
      (error: unknown) => assert.match(String(error), /2 slices of an array with 1 axes/),
    );
    await plotArray(path, new StackedArray([new LocalArray([5]), new LocalArray([2, 2])]));
    await comm.barrier();
    if (comm.rank === 0) assert.ok(texts(await readFile(path, "utf8")).includes("Member 1: [:, :]"));
    await plotBlocks(path, x, { part: "imag" });
    await plotDistribution(join(folder, "owners.svg"), space);
    await comm.barrier();
    if (comm.rank === 0) {
      const blocks = texts(await readFile(path, "utf8"));
      for (let rank = 0; rank < comm.size; rank++)
        assert.ok(blocks.includes(`Rank ${rank}  [0:3, 0:4, ${2 * rank}:${2 * rank + 2}]`));
      const owners = texts(await readFile(join(folder, "owners.svg"), "utf8"));
      assert.ok(owners.includes(space.toString()) && owners.includes("[1, :, :]"));
    }
    await assert.rejects(
      plotArray(path, x, { slices: [[0, 2]] }),
      /3 axes are left of \[3, 4, .*\]; give slices that leave 2/,
    );
    await assert.rejects(plotArray(path, new LocalArray([0])), /no elements to draw/);
    await assert.rejects(plotArray(path, x, JSON.parse('{"lable": "x"}') as object), /did you mean "label"/);
  }),
);

await spmd(
  "pictures of arrays as PNG: numbers and owners are drawn",
  (comm) =>
    inFolder(comm, async (folder) => {
      const x = DistributedArray.fromFunction(new Distribution(comm, [40, 60], { grid: [2, 2] }), (i, j) => Math.sin(i / 6) * Math.cos(j / 9)); // prettier-ignore
      await plotArray(join(folder, "x.png"), x);
      await comm.barrier();
      if (comm.rank > 0) return;
      const { data } = decode(await readFile(join(folder, "x.png")));
      assert.ok(new Set(data).size > 100);
    }),
  { sizes: [4], real: false },
);

await realRanks(import.meta.url, [[3, "shm"]]);
