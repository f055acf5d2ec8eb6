import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { launch } from "./spmd.js";

test("the program in README.md runs on three ranks", { timeout: 150_000 }, async (t) => {
  const readme = await readFile(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
  const [, program] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-test-readme-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const script = join(folder, "taste.ts");
  await writeFile(script, program);
  const { code, output } = await launch(["-n", "3", script]);
  t.equal(code, 0, output);
  t.match(output, /text: 'hello'[^]*sum: 3,\s+ranks: 3,\s+iterations: 100/);
});
