import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

const parse: (json: string) => Record<string, unknown> = JSON.parse;
const QUICK = ["--rounds", "3", "--sizes", "1024,8", "--collectives", "bcast,alltoall"];

void test(
  "tune measures on the ranks of a job, and writes rules that a job can use",
  { timeout: 120_000 },
  async (t) => {
    const out = join(t.testdir(), "rules.json");
    const job = ["-n", "2", "--oversubscribe", "--transport", "tcp"];
    const { code, stdout, stderr } = await tsmpirun(["tune", ...QUICK, "--out", out, ...job]);
    t.same({ code, stderr }, { code: 0, stderr: "" });
    for (const name of ["bcast", "alltoall"])
      t.match(stdout, new RegExp(`^${name} on 2 ranks, median µs of 3: `, "m"));
    t.match(stdout, /^ +8 B {2}tsmpi's choice \S+;.*\n +1024 B /m);
    t.match(Object.keys(parse(readFileSync(out, "utf8"))).join(), /^(bcast)?,?(alltoall)?$/);
    const where = await tsmpirun([...job, "--coll-rules", out, program("where.ts")]);
    t.equal(where.code, 0);
  },
);

void test("tune names what it cannot do, and says what it can", async (t) => {
  t.match(await tsmpirun(["tune", "--help"]), { code: 0, stdout: /tsmpirun tune --host/, stderr: "" });
  for (const [words, message] of [
    [["--collectives", "bcats"], /tune --collectives bcats: is none of allreduce, bcast/],
    [["--sizes", "8,many"], /tune --sizes: "many" is no whole number from 1 on/],
    [["--rounds", "1"], /tune --rounds: "1" is no whole number from 3 on/],
    [["--out"], /tune --out: its value is missing/],
    [["--engine", "mpi"], /the algorithms are those of tsmpi/],
  ] as const) {
    const { code, stderr } = await tsmpirun(["tune", ...words]);
    t.equal(code, 2);
    t.match(stderr, message);
  }
});
