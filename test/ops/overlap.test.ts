import { fileURLToPath } from "node:url";
import { test } from "tap";
import { launch } from "../spmd.js";

void test(
  "a stencil computes while its halo travels, and the statistics say so",
  { timeout: 150_000 },
  async (t) => {
    const program = fileURLToPath(new URL("programs/overlap.js", import.meta.url));
    const { code, output } = await launch(["--timeout", "50", "-n", "3", "--transport", "shm", program]);
    t.equal(code, 0, output);
  },
);
