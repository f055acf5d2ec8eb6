import assert from "node:assert/strict";
import fc from "fast-check";
import { simulate } from "../../../src/comm/simulate.js";
import { computeDims } from "../../../src/comm/structure/dims.js";
import { Grid } from "../../../src/comm/structure/grid.js";
import { placeByHost } from "../../../src/comm/structure/placement.js";
import { Layout, type Strided } from "../../../src/comm/layout.js";
import { type Communicator, PROC_NULL, type TypedArray } from "../../../src/comm/types.js";
import { realRanks, spmd } from "../../spmd.js";

const ranksOf = (comm: Communicator): number[] => Array.from({ length: comm.size }, (_, rank) => rank);

await spmd("cart: ranks are cells in row-major order; those left over get undefined", async (comm) => {
  const columns = Math.max(1, Math.floor(comm.size / 2));
  const dims = comm.size === 1 ? [1, 1] : [2, columns];
  const grid = await comm.cart(dims, { periods: [true, false] });
  assert.equal(grid === undefined, comm.rank >= dims[0] * dims[1]);
  if (grid === undefined) return;
  assert.deepEqual([grid.rank, ...grid.dims, ...grid.periods], [comm.rank, ...dims, true, false]);
  assert.deepEqual([...grid.coords], [Math.floor(grid.rank / columns), grid.rank % columns]);
  for (const rank of ranksOf(grid)) assert.equal(grid.rankOf(grid.coordsOf(rank)), rank);
  const [row, column] = grid.coords;
  assert.equal(grid.rankOf([row - dims[0], column]), grid.rank, "periodic coordinates wrap");
  assert.throws(() => grid.rankOf([row, columns]), /coordinate \d of dimension 1 is not within its \d/);
  assert.throws(() => grid.rankOf([row]), /1 coordinates for 2 dimensions/);
  assert.throws(() => grid.coordsOf(grid.size), /\d is not a rank of a grid of \d/);
  assert.throws(() => grid.shift(2), /dimension 2 of a grid of 2 dimensions/);
  assert.deepEqual(grid.shift(1, 0), { source: grid.rank, dest: grid.rank });
});

await spmd(
  "rule 7: beyond the edge is PROC_NULL, and an exchange leaves that part untouched",
  async (comm) => {
    const line = await comm.cart([comm.size]);
    assert.ok(line !== undefined);
    const { rank, size } = line;
    const { source, dest } = line.shift(0);
    assert.deepEqual(
      [source, dest],
      [rank === 0 ? PROC_NULL : rank - 1, rank === size - 1 ? PROC_NULL : rank + 1],
    );
    const into = Float64Array.of(-7);
    await line.sendrecv(Float64Array.of(rank), { dest, source, into });
    assert.equal(into[0], rank === 0 ? -7 : rank - 1);
    const halo = Float64Array.of(-1, -1);
    await line.neighborAlltoall(Float64Array.of(rank, rank + 0.5), { into: halo });
    assert.deepEqual([...halo], [rank === 0 ? -1 : rank - 0.5, rank === size - 1 ? -1 : rank + 1]);
    assert.deepEqual(await line.neighborAllgather(rank), [
      rank === 0 ? undefined : rank - 1,
      rank === size - 1 ? undefined : rank + 1,
    ]);
  },
);

await spmd("neighbours of a grid: for each dimension the one before, then the one after", async (comm) => {
  const dims = computeDims(comm.size, 2);
  const grid = await comm.cart(dims, { periods: true });
  assert.ok(grid !== undefined);
  const expected = [0, 1].flatMap((dim) => [grid.shift(dim).source, grid.shift(dim).dest]);
  assert.deepEqual([...grid.sources], expected);
  assert.deepEqual([...grid.destinations], expected);
  assert.deepEqual(await grid.neighborAllgather(grid.rank), expected);
});

await spmd(
  "an exchange around a ring: what goes down arrives from above, also among one or two ranks",
  async (comm) => {
    const ring = await comm.cart([comm.size], { periods: true });
    assert.ok(ring !== undefined);
    const [before, after] = ring.sources;
    assert.deepEqual(await ring.neighborAlltoall([`${ring.rank} down`, `${ring.rank} up`]), [
      `${before} up`,
      `${after} down`,
    ]);
    const into = new Int32Array(4);
    await ring.neighborAlltoall(
      Int32Array.of(10 * ring.rank, 10 * ring.rank + 1, 10 * ring.rank + 2, 10 * ring.rank + 3),
      { into },
    );
    assert.deepEqual([...into], [10 * before + 2, 10 * before + 3, 10 * after, 10 * after + 1]);
    const uneven = new Int32Array(3);
    await ring.neighborAlltoall(Int32Array.of(1, 2, 2), { counts: [1, 2], into: uneven, recvCounts: [2, 1] });
    assert.deepEqual([...uneven], [2, 2, 1]);
    const gathered = new Int32Array(5).fill(-1);
    await ring.neighborAllgather(Int32Array.of(ring.rank), {
      into: gathered,
      counts: [1, 1],
      displs: [3, 0],
    });
    assert.deepEqual([...gathered], [after, -1, -1, before, -1]);
  },
);

await spmd("sub: the rows and columns of a grid, and single cells", async (comm) => {
  const grid = await comm.cart(computeDims(comm.size, 2), { periods: [false, true] });
  assert.ok(grid !== undefined);
  const row = await grid.sub([false, true]);
  const column = await grid.sub([true, false]);
  const cell = await grid.sub([false, false]);
  assert.deepEqual([row.rank, column.rank, cell.rank], [grid.coords[1], grid.coords[0], 0]);
  assert.deepEqual(
    [...row.dims, ...row.periods, ...column.dims, ...column.periods],
    [grid.dims[1], true, grid.dims[0], false],
  );
  assert.deepEqual([cell.size, cell.dims.length, cell.rankOf([])], [1, 0, 0]);
  const inRow = ranksOf(row).map((column) => grid.rankOf([grid.coords[0], column]));
  assert.deepEqual(await row.allgather(grid.rank), inRow);
  await assert.rejects(async () => grid.sub([true]), /1 flags for 2 dimensions/);
  assert.deepEqual(await cell.neighborAllgather(1), []);
});

await spmd("cart: a grid of no dimensions is one cell", async (comm) => {
  const cell = await comm.cart([]);
  assert.equal(cell?.size, comm.rank === 0 ? 1 : undefined);
  assert.deepEqual(
    cell === undefined ? [] : [...cell.coords, ...cell.neighborAllgather.name.slice(0, 0)],
    [],
  );
});

await spmd("cart: dup keeps the topology", async (comm) => {
  const ring = await comm.cart([comm.size], { periods: true });
  const copy = ring?.dup();
  assert.equal(copy?.shift(0).dest, (comm.rank + 1) % comm.size);
  assert.deepEqual(await copy?.neighborAllgather(comm.rank), [...(copy?.sources ?? [])]);
});

await spmd("cart: too many cells, and different grids, are errors that name both numbers", async (comm) => {
  const { size } = comm;
  await assert.rejects(
    async () => comm.cart([size, 2]),
    new RegExp(`take ${2 * size} ranks, ".*" has ${size}`),
  );
  await assert.rejects(async () => comm.cart([size, 0]), /0 in dims .* is no number of ranks/);
  await assert.rejects(
    async () => comm.cart([size], { periods: [true, false] }),
    /2 periods for 1 dimensions/,
  );
  if (size > 1) {
    const periods = comm.rank === size - 1;
    await assert.rejects(
      async () => comm.cart([size], { periods }),
      /rank 0 passes dims \[\d\], periods \[false\], reorder false and rank \d passes dims \[\d\], periods \[true\]/,
    );
  }
  assert.equal(await comm.allreduce(1), size);
});

for (const periods of [true, false]) {
  await spmd(
    `neighborAlltoallw: a halo of rows and columns, in place, on a grid that is ${periods ? "" : "not "}periodic`,
    async (comm) => {
      const grid = await comm.cart(computeDims(comm.size, [0, 0]), { periods });
      assert.ok(grid !== undefined);
      const [rows, columns] = [2, 3]; // of cells of its own, inside a frame of one cell
      const sizes = [rows + 2, columns + 2];
      const data = new Float32Array(sizes[0] * sizes[1]).fill(-1);
      const box = (subsizes: number[], starts: number[]): { data: Float32Array; layout: Layout } => ({
        data,
        layout: Layout.subarray({ sizes, subsizes, starts }),
      });
      const own = box([rows, columns], [1, 1]);
      const value = (rank: number, row: number, column: number): number => 100 * rank + 10 * row + column;
      own.layout.unpack(
        Float32Array.from({ length: rows * columns }, (_, i) =>
          value(grid.rank, Math.floor(i / columns), i % columns),
        ),
        data,
      );
      const edges = [
        box([1, columns], [1, 1]),
        box([1, columns], [rows, 1]),
        box([rows, 1], [1, 1]),
        box([rows, 1], [1, columns]),
      ];
      const into = [
        box([1, columns], [0, 1]),
        box([1, columns], [rows + 1, 1]),
        box([rows, 1], [1, 0]),
        box([rows, 1], [1, columns + 1]),
      ];
      assert.equal(await grid.neighborAlltoallw(edges, { into }), into);
      const [above, below, left, right] = grid.sources;
      const from = (rank: number, row: number, column: number): number =>
        rank === PROC_NULL ? -1 : value(rank, row, column);
      for (let column = 0; column < columns; column++) {
        assert.equal(data[1 + column], from(above, rows - 1, column));
        assert.equal(data[(rows + 1) * sizes[1] + 1 + column], from(below, 0, column));
      }
      for (let row = 0; row < rows; row++) {
        assert.equal(data[(row + 1) * sizes[1]], from(left, row, columns - 1));
        assert.equal(data[(row + 1) * sizes[1] + columns + 1], from(right, row, 0));
      }
      // Those that are no neighbours of it may be through before they hear of it.
      const [outcome] = await Promise.allSettled([
        grid.neighborAlltoallw(grid.rank === 0 ? edges.slice(1) : edges, { into }),
      ]);
      if (grid.rank === 0) {
        assert.ok(outcome.status === "rejected");
        assert.match(String(outcome.reason), /value has 3 pieces for 4 ranks/);
      }
    },
  );
}

await spmd(
  "neighborAlltoallw: each piece has a type of its own; one that is not what is expected is named",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const ring = await comm.graph({ sources: [previous, previous], destinations: [next, next] });
    const whole = Layout.vector({ count: 1, blockLength: 2, stride: 2 });
    const piece = (data: TypedArray): Strided => ({ data, layout: whole });
    const ids = new BigInt64Array(2);
    const shorts = new Int16Array(2);
    await ring.neighborAlltoallw(
      [piece(BigInt64Array.of(BigInt(rank), 7n)), piece(Int16Array.of(rank, -7))],
      { into: [piece(ids), piece(shorts)] },
    );
    assert.deepEqual([...ids, ...shorts], [BigInt(previous), 7n, previous, -7]);
    await assert.rejects(
      async () =>
        ring.neighborAlltoallw([piece(ids), piece(shorts)], { into: [piece(shorts), piece(shorts)] }),
      new RegExp(
        `rank ${previous} sends BigInt64Array\\(2\\), its piece of into takes Int16Array\\(2\\)|failed on rank`,
      ),
    );
  },
);

await spmd("graph: each rank lists its neighbours, any number of times, itself too", async (comm) => {
  const { rank, size } = comm;
  // Everybody sends to rank 0 twice, and rank 0 to everybody once.
  const everyone = ranksOf(comm);
  const graph = await comm.graph({
    sources: rank === 0 ? [...everyone, ...everyone, 0] : [0],
    destinations: rank === 0 ? [0, 0, ...everyone] : [0, 0],
    destinationWeights: rank === 0 ? [9, 9, ...everyone] : [1, 2],
  });
  assert.equal(graph.destinationWeights?.at(-1), rank === 0 ? size - 1 : 2);
  assert.equal(graph.sourceWeights, undefined);
  const values = graph.destinations.map((dest, i) => `${rank}→${dest} ${i}`);
  const received = await graph.neighborAlltoall(values);
  const expected =
    rank === 0
      ? [...everyone.map((source) => `${source}→0 0`), ...everyone.map((source) => `${source}→0 1`), "0→0 2"]
      : [`0→${rank} ${2 + rank}`];
  assert.deepEqual(received, expected);
  const copy = graph.dup();
  assert.deepEqual(await copy.neighborAllgather(rank), [...graph.sources]);
});

await spmd("graph: edges may be listed by any rank", async (comm) => {
  const { rank, size } = comm;
  // Rank 0 lists a ring, the last rank a star into rank 0.
  const ring = ranksOf(comm).map((source) => [source, (source + 1) % size, source] as const);
  const star = ranksOf(comm).map((source) => [source, 0] as const);
  const graph = await comm.graph({
    edges: [...(rank === 0 ? ring : []), ...(rank === size - 1 ? star : [])],
  });
  assert.deepEqual([...graph.destinations], [(rank + 1) % size, 0]);
  assert.deepEqual([...(graph.destinationWeights ?? [])], [rank, 1]);
  const previous = (rank + size - 1) % size;
  assert.deepEqual([...graph.sources], rank === 0 ? [previous, ...ranksOf(comm)] : [previous]);
  assert.deepEqual(await graph.neighborAllgather(rank), [...graph.sources]);
});

await spmd(
  "graph: lists that do not fit together are an error on every rank, which names both",
  async (comm) => {
    const last = comm.size - 1;
    await assert.rejects(
      async () => comm.graph({ sources: [], destinations: comm.rank === 0 ? [last] : [] }),
      new RegExp(`rank 0 lists rank ${last} 1 times as a destination, which lists it 0 times as a source`),
    );
    await assert.rejects(async () => comm.graph({ sources: [99], destinations: [] }), /99 is not a rank of/);
    await assert.rejects(
      async () => comm.graph({ sources: [], destinations: [], sourceWeights: [1] }),
      /1 weights for 0 sources/,
    );
    const alone = await comm.graph({ sources: [], destinations: [] });
    assert.deepEqual(await alone.neighborAlltoall([]), []);
    assert.equal(
      (await alone.neighborAllgather(new Float64Array(2), { into: new Float64Array(0) })).length,
      0,
    );
  },
);

if (process.env["TSMPI_SIZE"] === undefined) {
  const { test } = await import("tap");

  test("computeDims: as MPI_Dims_create", async (t) => {
    t.strictSame(computeDims(6, [0, 0]), [3, 2]);
    t.strictSame(computeDims(7, [0, 0]), [7, 1]);
    t.strictSame(computeDims(6, [0, 3, 0]), [2, 3, 1]);
    t.strictSame(computeDims(16, 3), [4, 2, 2]);
    t.strictSame(computeDims(60, 3), [5, 4, 3]);
    t.strictSame(computeDims(1, 2), [1, 1]);
    t.strictSame(computeDims(1, []), []);
    t.throws(() => computeDims(7, [0, 3, 0]), /\[0, 3, 0\] takes 3 ranks or a multiple, there are 7/);
    t.throws(() => computeDims(7, [2, 3]), /\[2, 3\] takes 6 ranks, there are 7/);
    t.throws(() => computeDims(0, 2), /0 is no number of ranks/);
    t.throws(() => computeDims(4, [-1, 0]), /-1 in \[-1, 0\]/);
  });

  test("computeDims: the product is n, dimensions descend, and no other choice has a smaller largest one", async () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 3 }), (n, count) => {
        const dims = computeDims(n, count);
        const product = dims.reduce((a, b) => a * b, 1);
        const best = smallestLargest(n, count);
        return product === n && dims.every((dim, i) => i === 0 || dim <= dims[i - 1]) && dims[0] === best;
      }),
    );
  });

  test("grids: coordinates and ranks round trip, shifts are each other's inverse", async () => {
    const axis = fc.record({ length: fc.integer({ min: 1, max: 4 }), period: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(axis, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: -5, max: 5 }),
        (axes, r, d, disp) => {
          const grid = new Grid(
            axes.map(({ length }) => length),
            axes.map(({ period }) => period),
          );
          const [rank, dim] = [r % grid.size, d % axes.length];
          const { source, dest } = grid.shift(rank, dim, disp);
          return (
            grid.rankOf(grid.coordsOf(rank)) === rank &&
            (dest === PROC_NULL || grid.shift(dest, dim, disp).source === rank) &&
            (source === PROC_NULL || grid.shift(source, dim, disp).dest === rank)
          );
        },
      ),
    );
  });

  test("reorder: hosts get blocks where they tile the grid, and every rank exactly one cell", async (t) => {
    const grid = new Grid([4, 4], [false, false]);
    const hosts = Array.from({ length: 16 }, (_, rank) => rank % 4); // dealt out one by one
    const place = placeByHost(grid, hosts);
    t.strictSame(
      [...place].sort((a, b) => a - b),
      Array.from({ length: 16 }, (_, i) => i),
    );
    const cell = (i: number, j: number): number => hosts[place[4 * i + j]];
    t.equal(new Set([cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)]).size, 1, "a 2 × 2 block is one host");
    t.not(cell(1, 1), cell(1, 2));
    fc.assert(
      fc.property(
        fc.array(fc.nat(2), { minLength: 12, maxLength: 12 }),
        fc.constantFrom([12], [3, 4], [2, 3, 2]),
        (hosts, dims) => {
          const place = placeByHost(
            new Grid(
              dims,
              dims.map(() => false),
            ),
            hosts,
          );
          return [...place].sort((a, b) => a - b).every((rank, i) => rank === i);
        },
      ),
    );
  });

  test("cart with reorder: neighbours are on one host where possible", async () => {
    const hosts = [0, 1, 0, 1, 0, 1, 0, 1];
    const sides = await simulate(
      8,
      async (comm) => {
        const grid = await comm.cart([4, 2], { reorder: true });
        const across = await grid?.neighborAllgather(hosts[comm.rank]);
        return across?.filter((host) => host !== undefined && host !== hosts[comm.rank]).length ?? 0;
      },
      { hosts },
    );
    assert.equal(
      sides.reduce((a, b) => a + b),
      4,
      "one cut of two links, seen from both sides",
    );
  });

  test("neighbour exchanges send one message to each neighbour, and none beyond the edge", async () => {
    const counts = await simulate(3, async (comm) => {
      const line = await comm.cart([3]);
      const before = comm.statistics.messagesSent;
      await line?.neighborAlltoall(new Float64Array(2), { into: new Float64Array(2) });
      return comm.statistics.messagesSent - before;
    });
    assert.deepEqual(counts, [1, 2, 1]);
  });
}

function smallestLargest(n: number, count: number): number {
  if (count === 1) return n;
  let best = n;
  for (let d = 1; d <= n; d++)
    if (n % d === 0) best = Math.min(best, Math.max(d, smallestLargest(n / d, count - 1)));
  return best;
}

await realRanks(import.meta.url);
