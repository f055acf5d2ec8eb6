import assert from "node:assert/strict";
import { simulate } from "../../src/comm/simulate.js";
import { test } from "tap";
import { growthOfRow } from "./programs/memory.js";

/** One of each kind: how they move samples, and how they work. The program beside it does all of them, 10,000 times. */
const NAMES = ["Roll", "Sum", "CausalIntegration, half", "FFT", "DWT", "FourierRadon"];

for (const name of NAMES) {
  void test(`products with ${name}, again and again, leave both heaps as they were`, async () => {
    const [times, rounds] = [700, 4];
    await simulate(2, async (comm) => {
      const { js, wasm } = await growthOfRow(comm, name, { times, rounds });
      assert.ok(js < 20 * times, `${js} bytes more each ${times} times`); // an object that stays takes more
      assert.deepEqual(wasm[1], wasm[0]);
    });
  });
}
