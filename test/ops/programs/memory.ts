/**
 * Applies every operator of the table, forward and adjoint, again and again, and prints how the heaps have grown:
 *
 *     node dist/test/ops/programs/memory.js 10000
 *
 * Ends with code 1 if one has. On two ranks of one process; all operators 10,000 times take some minutes.
 */
import { fileURLToPath } from "node:url";
import { simulate } from "../../../src/comm/simulate.js";
import type { Communicator } from "../../../src/comm/types.js";
import { Distribution } from "../../../src/array/distribution.js";
import { heapGrowth } from "../../heap.js";
import { table } from "../table.js";

/** The growth of the heaps by both products of an operator of the table. Collective. */
export async function growthOfRow(
  comm: Communicator,
  name: string,
  often: { times: number; rounds: number },
) {
  const row = table[name];
  const pick = (_: number, high: number) => high;
  const dims = row.dims?.(pick) ?? [9, 4, 3];
  const { make } = row.draw({ dims, axis: 0, dtype: "float64", pick });
  const op = make(new Distribution(comm, dims));
  const [x, y] = [op.model.zeros(op.dtype), op.data.zeros(op.dtype)];
  const both = async () => {
    await op.matvec(x, y);
    await op.rmatvec(y, x);
  };
  return heapGrowth(comm, both, often);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = 4;
  const times = Math.ceil(Number(process.argv[2] ?? 10_000) / rounds);
  for (const name of Object.keys(table)) {
    const [{ js, wasm }] = await simulate(2, (comm) => growthOfRow(comm, name, { times, rounds }));
    const grown = js >= 20 * times || wasm[1].used !== wasm[0].used || wasm[1].arrays !== wasm[0].arrays;
    if (grown) process.exitCode = 1;
    console.log(
      `${name}: ${js} bytes in ${times} times, ${wasm[1].used - wasm[0].used} of arrays${grown ? "  GROWN" : ""}`,
    );
  }
}
