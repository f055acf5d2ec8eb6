import { test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

test(
  "ranks of a host share a session, in which each leads a group that its children are in",
  { timeout: 150_000, skip: process.platform === "linux" ? false : "sessions matter on Linux only" },
  async (t) => {
    const { stdout, stderr, code } = await tsmpirun(["-n", "3", program("session.ts")]);
    t.equal(code, 0, stderr);
    const ranks = stdout.trim().split("\n").map((line) => JSON.parse(line) as Record<string, number>); // prettier-ignore
    t.equal(ranks.length, 3);
    t.equal(new Set(ranks.map(({ session }) => session)).size, 1);
    for (const { pid, group, childGroup } of ranks) t.strictSame([group, childGroup], [pid, pid]);
  },
);
