import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { readNpy } from "../../src/io/npy.js";
import { launch } from "../spmd.js";

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}.ts`, import.meta.url));

interface History {
  ranks: number;
  transport: string;
  iterations: number;
  cost: number[];
  seconds: number;
  iterationsPerSecond: number;
}

test("examples/hello.ts greets from every rank", { timeout: 150_000 }, async (t) => {
  const { code, output } = await launch(["-n", "3", example("hello")]);
  t.equal(code, 0, output);
  for (const rank of [0, 1, 2]) t.ok(output.includes(`Hello from rank ${rank} of 3`));
  t.match(output, /1 \+ … \+ 3 = 6/);
});

test(
  "examples/poststack.ts gives the same numbers on any ranks and transport",
  { timeout: 300_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "tsmpi-poststack-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const run = async (ranks: number, transport: string, extra: readonly string[]) => {
      const out = join(folder, `${ranks}-${transport}`);
      const args = ["-n", `${ranks}`, "--transport", transport, example("poststack"), "--out", out, ...extra];
      const { code, output } = await launch(args);
      t.equal(code, 0, output);
      const history = JSON.parse(await readFile(join(out, "history.json"), "utf8")) as History;
      t.match(history, { ranks, transport, iterations: 8 });
      t.equal(history.cost.length, 9);
      t.match(output, new RegExp(`ranks +${ranks} over ${transport}[^]*unknowns +691 200[^]*model error`));
      return { out, output, history, inverted: await readNpy(join(out, "inverted.npy")) };
    };
    const two = await run(2, "shm", ["--iterations", "8"]);
    const three = await run(3, "zmq", ["--iterations", "8", "--no-plot"]);

    const off = two.history.cost.map((cost, i) => Math.abs(cost / three.history.cost[i] - 1));
    t.ok(Math.max(...off) < 1e-12, `costs differ by ${Math.max(...off)}`);
    const difference = await two.inverted.clone().axpy(-1, three.inverted).norm(Infinity);
    t.ok(difference < 1e-12, `models differ by ${difference}`);
    t.strictSame(two.inverted.space.dims, [24, 120, 240]);
    t.strictSame((await readNpy(join(two.out, "data.npy"))).space.dims, [24, 120, 240]);
    t.ok((await stat(join(two.out, "poststack.png"))).size > 100_000);
    t.match(await readFile(join(two.out, "convergence.svg"), "utf8"), /Convergence of CGLS/);
    await t.rejects(stat(join(three.out, "poststack.png")), "no picture with --no-plot");
  },
);

test("examples/poststack.ts refuses what it does not understand", { timeout: 150_000 }, async (t) => {
  const unknown = await launch(["-n", "2", example("poststack"), "--iteration", "3"]);
  t.equal(unknown.code, 2);
  t.match(unknown.output, /--iteration[^]*Usage: tsmpirun -n RANKS/);
  const none = await launch(["-n", "2", example("poststack"), "--iterations", "none"]);
  t.match(none, { code: 2, output: /--iterations is none; use a positive integer/ });
  const missing = await launch(["-n", "2", example("poststack"), "--model", "missing.npz"]);
  t.not(missing.code, 0);
  t.match(missing.output, /ENOENT[^]*missing\.npz/);
  t.match(await launch([example("poststack"), "--help"]), { code: 0, output: /^Usage: tsmpirun -n RANKS/ });
});
