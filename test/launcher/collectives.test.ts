import { test } from "tap";
import { tsmpirun } from "./tsmpirun.js";

/** Rank 0 asks for the ring, the others for nothing: an error, unless their user has asked for it. */
const code = `
  import { init } from "tsmpi";
  const world = await init();
  if (world.rank === 0) world.configure({ algorithms: { allreduce: "ring" } });
  const sum = await Promise.resolve(world.allreduce(Float64Array.of(world.rank))).catch(() => ["refused"]);
  const apart = await (await world.split(0)).allreduce(Float64Array.of(1));
  if (world.rank === 0) console.log(sum[0], apart[0]);`;
const run = (...args: string[]) =>
  tsmpirun(["-n", "4", "--launcher", "fork", "--host", "a:2,b:2", ...args, "-e", code]);

void test("what the user asks for is as if every communicator had asked", { timeout: 150_000 }, async (t) => {
  t.match(await run(), { code: 0, stdout: "refused 4\n" });
  t.match(await run("--coll", "allreduce=ring,bcast=chain"), { code: 0, stdout: "6 4\n" });
});

void test("rules reach ranks of all hosts, as text", { timeout: 150_000 }, async (t) => {
  const folder = t.testdir({ "rules.json": '{ "allreduce": "ring" }' });
  t.match(await run("--coll-rules", `${folder}/rules.json`), { code: 0, stdout: "6 4\n" });
});

void test("a name that there is not is an error before anything starts", async (t) => {
  const wrong = await run("--coll", "allreduce=?");
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, /^tsmpirun: --coll: allreduce has no algorithm "\?"; .*recursive-doubling.*striped/);
  const absent = await run("--coll-rules", "/no/rules.json");
  t.match(absent, { code: 2, stderr: /--coll-rules \/no\/rules\.json: cannot be read/ });
});
