import assert from "node:assert/strict";
import { Calls } from "../../src/comm/calls.js";
import { cut } from "../../src/comm/collectives/blocks.js";
import {
  neighborAllgather,
  neighborAlltoall,
  neighborAlltoallInto,
  type Neighbors,
} from "../../src/comm/collectives/neighbor.js";
import { GroupCommunicator } from "../../src/comm/communicator.js";
import { type Communicator, PROC_NULL, type Request } from "../../src/comm/types.js";
import type { Call } from "../../src/comm/collectives/call.js";
import type { Agreement } from "../../src/comm/collectives/signature.js";
import { realRanks, spmd } from "../spmd.js";

/** A line of ranks, open or closed to a ring: lower neighbour first. */
function line({ rank, size }: Communicator, periodic: boolean): Neighbors {
  const at = (r: number): number => (periodic ? (r + size) % size : r >= 0 && r < size ? r : PROC_NULL);
  const both = [at(rank - 1), at(rank + 1)];
  return { sources: both, destinations: both, order: [1, 0] };
}

/** Starts a collective that the communicator has no method for. */
function start<T>(comm: Communicator, agreement: Agreement, run: (call: Call) => Promise<T>): Request<T> {
  assert.ok(comm instanceof GroupCommunicator);
  const { calls } = comm as unknown as { readonly calls: Calls };
  return calls.start(agreement, run);
}

for (const periodic of [false, true]) {
  await spmd(
    `neighborAlltoall on a ${periodic ? "ring" : "line"}: what is sent up comes from below`,
    async (comm) => {
      const neighbors = line(comm, periodic);
      const { rank } = comm;
      const [below, above] = neighbors.sources;
      const got = await start(comm, { name: "neighborAlltoall" }, (call) =>
        neighborAlltoall(call, neighbors, [`${rank} down`, `${rank} up`]),
      );
      assert.deepEqual(got, [
        below === PROC_NULL ? undefined : `${below} up`,
        above === PROC_NULL ? undefined : `${above} down`,
      ]);
      const into = new Float64Array(5).fill(-1);
      await start(comm, { name: "neighborAlltoall" }, (call) =>
        neighborAlltoallInto(
          call,
          neighbors,
          Float64Array.of(rank, rank + 0.5, rank + 0.25),
          cut("test", { counts: [1, 2] }, 2, 3),
          into,
          cut("test", { counts: [2, 1], displs: [0, 4] }, 2, 5),
        ),
      );
      assert.deepEqual(
        [...into],
        [
          ...(below === PROC_NULL ? [-1, -1] : [below + 0.5, below + 0.25]),
          ...[-1, -1],
          above === PROC_NULL ? -1 : above,
        ],
        "blocks beyond the edge, and gaps, stay as they are",
      );
    },
  );
}

await spmd(
  "neighborAllgather: any graph, with ranks that occur twice and ranks without neighbours",
  async (comm) => {
    const { rank, size } = comm;
    // Rank r sends to r + 1, twice, and to the last rank; the last one sends to nobody.
    const targets = (r: number): number[] => (r === size - 1 ? [] : [r + 1, r + 1, size - 1]);
    const sources = Array.from({ length: size }, (_, r) =>
      targets(r)
        .filter((dest) => dest === rank)
        .map(() => r),
    ).flat();
    const got = await start(comm, { name: "neighborAllgather" }, (call) =>
      neighborAllgather(call, { sources, destinations: targets(rank) }, { from: rank }),
    );
    assert.deepEqual(
      got,
      sources.map((from) => ({ from })),
    );
  },
);

await realRanks(import.meta.url);
