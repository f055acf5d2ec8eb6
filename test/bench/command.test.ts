import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";

const TSMPI = fileURLToPath(new URL("../../launcher/tsmpi.js", import.meta.url));
const EXPECTED = [
  "latency",
  "bw",
  "bibw",
  "allreduce",
  "reduce_scatter",
  "iallreduce",
  "halo",
  "barrier",
  "init",
];

test("tsmpi bench latency --quick prints a line for each size", { timeout: 150_000 }, async (t) => {
  const { code, stdout, stderr } = await bench("osu_latency", "--quick", "-m", "0,1,4K");
  t.equal(code, 0, stderr);
  t.match(stdout, /# latency, 2 ranks: half a round trip[^]*\n0 +[\d.]+ +[\d.]+ +[\d.]+\n1 [^]*\n4096 /);
});

test(
  "every kind of benchmark runs, checks its results, and writes JSON and a picture",
  { timeout: 300_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "tsmpi-test-bench-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const [json, svg] = [join(folder, "a.json"), join(folder, "a.svg")];
    const sizes = ["-m", "24", "-n", "2", "--quick", "--json", json, "--plot", svg];
    const { code, stdout, stderr } = await bench(...EXPECTED, ...sizes);
    t.equal(code, 0, stdout + stderr);
    const { tables, sides } = JSON.parse(await readFile(json, "utf8")) as {
      tables: { name: string }[];
      sides: unknown;
    };
    t.strictSame(tables.map(({ name }) => name), EXPECTED); // prettier-ignore
    t.match(sides, [{ name: "tsmpi" }]);
    const cell = { seconds: Number, min: Number, max: Number, ratio: 1, samples: [Number], errors: 0 };
    for (const { name, rows } of tables as { name: string; rows: unknown }[] & typeof tables)
      t.match(rows, [{ benchmark: name, ranks: 2, bytes: Number, cells: [cell] }], name);
    t.match(await readFile(svg, "utf8"), /^<svg[^]*latency, 2 ranks[^]*<\/svg>/);
  },
);

test("a dry run prints commands and runs none", { timeout: 150_000 }, async (t) => {
  const { code, stdout } = await bench("bw", "allreduce", "-n", "2", "-m", "8,64", "--dry-run");
  t.equal(code, 0);
  t.match(stdout, /-n 2 .*communication\.js'? [\d. ]+ bw:8,64\n[^]*allreduce:8,64\n/);
  t.notMatch(stdout, /µs/);
});

test(
  "a wrong name ends with code 2, an interrupt with 130, and no folder stays behind",
  { timeout: 150_000 },
  async (t) => {
    const wrong = await bench("alreduce");
    t.match(wrong, { code: 2, stderr: /^tsmpi bench: no benchmark alreduce; did you mean allreduce\?/ });
    const folder = await mkdtemp(join(tmpdir(), "tsmpi-test-bench-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const watch: Watch = (text, stop) => {
      if (text.includes("transport")) stop("SIGINT");
    };
    const stopped = await bench("latency", "-m", "8", "--rounds", "50", watch, { TMPDIR: folder });
    t.equal(stopped.code, 130, stopped.stderr);
    t.strictSame((await readdir(folder)).filter((name) => name.startsWith("tsmpi-bench-")), []); // prettier-ignore
  },
);

type Watch = (stdout: string, stop: (signal: NodeJS.Signals) => void) => void;

async function bench(...words: readonly (string | Watch | NodeJS.ProcessEnv)[]) {
  const variables = words.find((word) => typeof word === "object");
  const args = words.filter((word) => typeof word === "string");
  const watch = words.find((word) => typeof word === "function");
  const child = spawn(process.execPath, [TSMPI, "bench", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...variables },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    watch?.(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr };
}
