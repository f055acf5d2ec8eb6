import assert from "node:assert/strict";
import { join } from "node:path";
import { Comm, MPI, Op, Prequest, Request, Status } from "../src/compat.js";
import { launch, realRanks, spmd } from "./spmd.js";

await spmd("compat: probes, replaced buffers, and collectives under way", async (world) => {
  const comm = new Comm(world);
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank + size - 1) % size];
  const [sent, status] = [comm.isend(["to", next], next, 3), new Status()];
  assert.equal(await comm.probe(MPI.ANY_SOURCE, 3, status), true);
  assert.equal(status.Get_source(), previous);
  assert.deepEqual(await comm.recv(previous, 3), ["to", rank]);
  assert.equal(comm.iprobe(previous, 3), false);
  assert.equal(comm.improbe(previous, 3), undefined);
  const again = comm.Isend(Int32Array.of(rank), next, 4);
  const into = new Int32Array(1);
  await (await comm.mprobe(previous, 4)).Recv(into, status);
  assert.deepEqual([into[0], status.Get_count()], [previous, 1]);
  await comm.Sendrecv_replace(into, next, 5, previous, 5);
  assert.equal(into[0], (rank + 2 * size - 2) % size);
  const total = new Float64Array(1);
  const all = [comm.Iallreduce(Float64Array.of(1), total), comm.Ibarrier(), comm.Ibcast(into, size - 1)];
  await Request.Waitall<unknown>([...all, sent, again]);
  assert.deepEqual([total[0], into[0]], [size, (3 * size - 3) % size]);
  await comm.Clone().Barrier();
  for (const call of [
    () => comm.Bcast([1] as never),
    () => comm.Allreduce(total, undefined as never),
    () => comm.Send([1] as never, rank),
  ])
    await assert.rejects(
      async () => call(),
      /(Bcast|Allreduce|Send): .* is no typed array; .* use (bcast|allreduce|send)/,
    );
});

await spmd("compat: objects with lower case, as in mpi4py's tutorial", async (world) => {
  const comm = new Comm(world);
  const rank = comm.Get_rank();
  const size = comm.Get_size();
  const [next, previous] = [(rank + 1) % size, (rank + size - 1) % size];
  const request = comm.isend({ a: 7, from: rank }, next, 11);
  const status = new Status();
  assert.deepEqual(await comm.recv(previous, 11, status), { a: 7, from: previous });
  await request.wait();
  assert.deepEqual([status.Get_source(), status.Get_tag()], [previous, 11]);
  assert.equal(await comm.sendrecv(rank, next, 0, previous), previous);
  assert.deepEqual(await comm.bcast(rank === 0 ? { key: [1, 2] } : undefined, 0), { key: [1, 2] });
  assert.equal(
    await comm.scatter(rank === 0 ? Array.from({ length: size }, (_, i) => (i + 1) ** 2) : undefined),
    (rank + 1) ** 2,
  );
  assert.deepEqual(
    await comm.gather((rank + 1) ** 2),
    rank === 0 ? Array.from({ length: size }, (_, i) => (i + 1) ** 2) : undefined,
  );
  assert.equal(await comm.allreduce(rank, MPI.MAX), size - 1);
  assert.equal(
    await comm.allreduce(`${rank}`, (a, b) => a + b),
    Array.from({ length: size }, (_, i) => i).join(""),
  );
  assert.equal(await comm.reduce(1, MPI.SUM, 0), rank === 0 ? size : undefined);
  assert.equal(await comm.scan(1), rank + 1);
  assert.equal(await comm.exscan(1), rank === 0 ? undefined : rank);
  assert.deepEqual(
    await comm.alltoall(Array.from({ length: size }, (_, i) => 10 * rank + i)),
    Array.from({ length: size }, (_, i) => 10 * i + rank),
  );
  assert.deepEqual(
    await comm.allgather(rank),
    Array.from({ length: size }, (_, i) => i),
  );
  await comm.barrier();
});

await spmd("compat: buffers with capitals, in place, and with counts", async (world) => {
  const comm = new Comm(world);
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank + size - 1) % size];
  const into = new Float64Array(2);
  const requests = [comm.Isend(Float64Array.of(rank, 1), next), comm.Irecv(into, previous)];
  await Request.Waitall<unknown>(requests);
  assert.deepEqual([...into], [previous, 1]);
  await comm.Sendrecv(Float64Array.of(rank, 2), next, 3, into, previous, 3);
  assert.deepEqual([...into], [previous, 2]);
  const x = Float64Array.of(rank + 1);
  await comm.Allreduce(MPI.IN_PLACE, x, MPI.SUM);
  assert.equal(x[0], (size * (size + 1)) / 2);
  const sum = new Float64Array(1);
  await comm.Reduce(Float64Array.of(1), rank === 0 ? sum : undefined, MPI.SUM, 0);
  assert.equal(sum[0], rank === 0 ? size : 0);
  const data = rank === 0 ? Int32Array.of(1, 2, 3) : new Int32Array(3);
  await comm.Bcast(data, 0);
  assert.deepEqual([...data], [1, 2, 3]);
  const all = new Int32Array(size);
  all[rank] = 7 * rank;
  await comm.Allgather(MPI.IN_PLACE, all);
  assert.deepEqual(
    [...all],
    Array.from({ length: size }, (_, i) => 7 * i),
  );
  const counts = Array.from({ length: size }, (_, i) => i);
  const ragged = new Int32Array((size * (size - 1)) / 2);
  await comm.Gatherv(new Int32Array(rank).fill(rank), rank === 0 ? [ragged, counts] : undefined, 0);
  if (rank === 0)
    assert.deepEqual(
      [...ragged],
      counts.flatMap((n) => new Array<number>(n).fill(n)),
    );
  const mine = new Int32Array(rank);
  await comm.Scatterv(rank === 0 ? [ragged, counts] : undefined, mine, 0);
  assert.deepEqual([...mine], new Array<number>(rank).fill(rank));
  const matrix = Int32Array.from({ length: size }, (_, i) => 10 * rank + i);
  await comm.Alltoall(MPI.IN_PLACE, matrix);
  assert.deepEqual(
    [...matrix],
    Array.from({ length: size }, (_, i) => 10 * i + rank),
  );
  await comm.Scan(Int32Array.of(1), all.subarray(0, 1));
  assert.equal(all[0], rank + 1);
  const product = Float64Array.of(rank + 1);
  await comm.Allreduce(
    MPI.IN_PLACE,
    product,
    Op.Create((a: Float64Array, b: Float64Array) => a.map((v, i) => v * b[i]), true),
  );
  assert.equal(
    product[0],
    Array.from({ length: size }, (_, i) => i + 1).reduce((a, b) => a * b, 1),
  );
});

await spmd("compat: communicators, groups and grids", async (world) => {
  const comm = new Comm(world);
  const { rank, size } = comm;
  const half = await comm.Split(rank % 2, rank);
  assert.equal(half?.size, Math.floor((size + 1 - (rank % 2)) / 2));
  assert.equal(await comm.Split(MPI.UNDEFINED, 0).then((none) => none === undefined), true);
  const copy = comm.Dup();
  assert.equal(Comm.Compare(comm, copy), "congruent");
  copy.Free();
  const group = comm.Get_group().excl([0]);
  const others = await comm.Create(group);
  assert.equal(others?.size, rank === 0 ? undefined : size - 1);
  const node = await comm.Split_type(MPI.COMM_TYPE_SHARED);
  assert.ok(node.size >= 1 && node.size <= size);
  const cart = await comm.Create_cart(MPI.Compute_dims(size, 2), [false, true]);
  assert.ok(cart !== undefined);
  assert.deepEqual(cart.Get_coords(cart.rank), [...cart.coords]);
  const [source, dest] = cart.Shift(0, 1);
  assert.deepEqual(
    [source, dest].map((r) => r === MPI.PROC_NULL),
    [cart.coords[0] === 0, cart.coords[0] === cart.dims[0] - 1],
  );
  const row = await cart.Sub([false, true]);
  assert.equal(row.size, cart.dims[1]);
  assert.equal((await cart.neighbor_allgather(rank)).length, 4);
});

if (process.env["TSMPI_SIZE"] === undefined) {
  const { test } = await import("tap");

  test("compat: a program that tsmpirun starts imports tsmpi/compat", { timeout: 150_000 }, async (t) => {
    const folder = t.testdir({
      "ring.ts": `
        import { MPI } from "tsmpi/compat";
        const comm = await MPI.Init();
        const x = Float64Array.of(comm.Get_rank() + 1);
        await comm.Allreduce(MPI.IN_PLACE, x, MPI.SUM);
        const keys = [MPI.UNIVERSE_SIZE, MPI.APPNUM, MPI.TAG_UB];
        if (comm.Get_rank() === 0) console.log("sum", x[0], ...keys.map((key) => comm.Get_attr(key)));`,
    });
    const hosts = ["--launcher", "fork", "--host", "a:3,b:2"];
    const { code, output } = await launch([...hosts, "-n", "3", join(folder, "ring.ts")]);
    t.match({ code, output }, { code: 0, output: "sum 6 5 0 2147483647" });
  });

  test("compat: MPI.COMM_WORLD is there after MPI.Init, and says so before", async (t) => {
    t.equal(MPI.Is_initialized(), false);
    t.throws(() => MPI.COMM_WORLD, /call `await MPI.Init\(\)` first/);
    const comm = await MPI.Init();
    t.equal(comm.Get_size(), 1);
    t.equal(MPI.COMM_WORLD.comm, comm.comm);
    t.equal(MPI.COMM_SELF.Get_size(), 1);
    t.ok(MPI.Wtime() > 0 && MPI.Get_processor_name().length > 0);
  });
}

await spmd("compat: buffered, synchronous and persistent sends", async (world) => {
  const comm = new Comm(world);
  const { rank, size } = comm;
  const [next, previous] = [(rank + 1) % size, (rank + size - 1) % size];
  const x = new Float64Array(20_000).fill(rank);
  const into = new Float64Array(20_000);
  comm.Attach_buffer(new ArrayBuffer(x.byteLength + 8));
  await comm.Bsend(x, next, 1);
  x.fill(-1);
  await comm.bsend(1, next, 2);
  await comm.Recv(into, previous, 1);
  assert.equal(into[0], previous);
  assert.equal(await comm.recv(previous, 2), 1);
  await comm.Detach_buffer();
  const synchronous = comm.Issend(Int32Array.of(rank), next);
  assert.deepEqual(await comm.recv(previous), Int32Array.of(previous));
  await synchronous.wait();
  const small = new Int32Array(1);
  const requests = [comm.Recv_init(small, previous), comm.Send_init(Int32Array.of(rank), next)];
  for (let i = 0; i < 2; i++) {
    small[0] = -1;
    Prequest.Startall(requests);
    for (const request of requests) await request.Wait();
    assert.equal(small[0], previous);
  }
});

await spmd(
  "compat: an error handler that is fatal ends the job, one that returns is the rule",
  async (world) => {
    const comm = new Comm(world);
    comm.Set_errhandler(MPI.ERRORS_RETURN);
    await assert.rejects(comm.send(1, comm.size), RangeError);
    comm.Set_errhandler(MPI.ERRORS_ARE_FATAL);
    comm.Set_errhandler(MPI.ERRORS_RETURN);
    await assert.rejects(comm.send(1, comm.size), RangeError);
    await comm.barrier();
  },
);

await spmd("compat: Split_type by host, and by the part of it that the info names", async (world) => {
  const comm = new Comm(world);
  const node = await comm.Split_type(MPI.COMM_TYPE_SHARED);
  for (const mpi_hw_resource_type of ["NUMANode", "Core", "Machine"] as const) {
    const part = await comm.Split_type(MPI.COMM_TYPE_HW_GUIDED, -comm.rank, { mpi_hw_resource_type });
    const ranks = await part.allgather(comm.rank);
    assert.deepEqual(
      ranks,
      ranks.toSorted((a, b) => b - a),
      "ordered by key",
    );
    assert.ok(part.size <= node.size);
    part.Free();
  }
  await assert.rejects(comm.Split_type("rack" as "shared"), /"rack" is neither/);
});

await spmd(
  "compat: attributes go with a communicator, as their copy and delete functions say",
  async (world) => {
    const made = await world.split(0);
    assert.ok(made);
    const comm = new Comm(made);
    const gone: string[] = [];
    const key = Comm.Create_keyval<string>(
      (from, _, value) => `${value} of ${from.Get_rank()}`,
      (_, __, value) => gone.push(value),
    );
    const [same, none] = [Comm.Create_keyval<number>(true), Comm.Create_keyval<number>()];
    assert.equal(comm.Get_attr(key), undefined);
    comm.Set_attr(key, "x");
    comm.Set_attr(same, 5);
    comm.Set_attr(none, 6);
    const copy = comm.Dup();
    assert.deepEqual(
      [copy.Get_attr(key), copy.Get_attr(same), copy.Get_attr(none)],
      [`x of ${world.rank}`, 5, undefined],
    );
    comm.Delete_attr(key);
    copy.Free();
    comm.Free();
    assert.deepEqual(gone, ["x", `x of ${world.rank}`]);
  },
);

await realRanks(import.meta.url);
