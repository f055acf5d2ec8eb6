import assert from "node:assert/strict";
import { TruncateError } from "../../src/comm/errors.js";
import { requestScope } from "../../src/comm/request-scope.js";
import type { Request } from "../../src/comm/types.js";
import { realRanks, spmd } from "../spmd.js";

await spmd(
  "a scope ends when all its requests have ended, whether they were awaited or not",
  async (comm) => {
    const { rank, size } = comm;
    const [next, previous] = [(rank + 1) % size, (rank - 1 + size) % size];
    const into = Array.from({ length: 5 }, () => new Float64Array(20_000));
    const requests: Request<unknown>[] = [];
    {
      await using scope = requestScope();
      for (const [tag, x] of into.entries()) requests.push(comm.recv({ source: previous, tag, into: x }));
      scope.add(...requests);
      for (const tag of into.keys()) scope.add(comm.send(new Float64Array(20_000).fill(tag), next, { tag }));
      const sum = comm.allreduce(1);
      scope.add(sum);
      assert.equal(await sum, size);
    }
    for (const request of requests) assert.ok(request.test());
    for (const [tag, x] of into.entries()) assert.ok(x.every((value) => value === tag));
  },
);

await spmd("a scope fails with the first request that failed, once all have ended", async (comm) => {
  const { rank } = comm;
  const scope = requestScope();
  scope.add(comm.recv({ source: rank, tag: 1 }));
  const short = comm.recv({ source: rank, tag: 2, into: new Int8Array(1) });
  scope.add(short);
  scope.add(comm.recv({ source: rank, tag: 3, signal: AbortSignal.abort(new Error("second")) }));
  assert.equal(scope.pending, 2);
  await comm.send(new Int8Array(2), rank, { tag: 2 });
  await comm.send(1, rank, { tag: 1 });
  await assert.rejects(async () => scope.wait(), TruncateError);
  assert.equal(scope.pending, 0);
  await scope.wait(); // empty
});

await spmd("a scope waits no longer than its timeoutMs, and says how many have not ended", async (comm) => {
  const { rank } = comm;
  const scope = requestScope({ timeoutMs: 10 });
  const late = comm.recv({ source: rank, tag: 1 });
  scope.add(late, comm.send(1, rank, { tag: 5 }));
  await assert.rejects(async () => scope.wait(), {
    code: "TIMEOUT",
    message: /1 of 2 requests have not ended/,
  });
  await comm.send(2, rank, { tag: 1 });
  assert.deepEqual([await late, await comm.recv({ source: rank })], [2, 1]);
  const misspelt: object = { timeout: 1 };
  assert.throws(() => requestScope(misspelt), /did you mean "timeoutMs"/);
});

await realRanks(import.meta.url);
