import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";

const BENCH = fileURLToPath(new URL("../../bench/run.js", import.meta.url));

test("bench measures ping-pong by itself, as a table and as JSON", { timeout: 150_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tsmpi-test-bench-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const json = join(folder, "bench.json");
  const { code, output } = await bench(["--quick", "--no-peers", "--only", "ping-pong", "--json", json]);
  t.equal(code, 0, output);
  t.match(output, /# latency, 2 ranks[^]*# bytes +tsmpi µs +min +max\n8 +[\d.]+/);
  const { tables } = JSON.parse(await readFile(json, "utf8")) as { tables: unknown[] };
  const row = (bytes: number) => ({
    ranks: 2,
    bytes,
    cells: [{ seconds: Number, ratio: 1, samples: [Number] }],
  });
  t.match(tables, [{ name: "latency", rows: [8, 1024, 65536, 1048576].map(row) }]);
});

test("bench refuses what it does not understand", { timeout: 150_000 }, async (t) => {
  t.match(await bench(["--only", "pingpong"]), {
    code: 2,
    output: /--only pingpong: use ping-pong, .*\n\nUsage/,
  });
  t.match(await bench(["--rounds", "0"]), { code: 2, output: /--rounds 0: use a positive integer/ });
});

async function bench(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [BENCH, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}
