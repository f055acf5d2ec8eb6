import { test } from "tap";
import { groupsOf } from "../../launcher/agent-tree.js";
import { plainHost } from "../../launcher/hostfile.js";
import { overSsh } from "./over-ssh.js";
import { AGENT_COMMAND, program, type RunOptions } from "./tsmpirun.js";

const where = program("where.ts");
const named = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ...plainHost, name: `n${i + 1}`, origin: "" }));
const list = (names: readonly string[]) => ["--host", names.join(",")];

void test("nobody starts more agents than it may, and each host has one starter", async (t) => {
  for (const [count, treeSpawn] of [
    [1, 64],
    [64, 64],
    [65, 64],
    [130, 64],
    [10_000, 64],
    [7, 2],
    [7, 1],
  ]) {
    const hosts = named(count);
    const groups = groupsOf(hosts, { launcher: "ssh", treeSpawn });
    t.equal(groups.length, Math.min(count, treeSpawn));
    t.same(groups.flat(), hosts);
    const sizes = groups.map(({ length }) => length);
    t.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, "alike");
    t.equal(groupsOf(hosts, { launcher: "exec", treeSpawn }).length, count, "only over ssh");
  }
});

void test("agents start others, and those further ones; ranks do not see the difference", async (t) => {
  const names = named(7).map(({ name }) => name);
  const { code, stdout, stderr, asked, ways, left } = await overSsh(t, [
    "--tree-spawn",
    "2",
    ...list(names),
    where,
  ]);
  t.equal(stderr, "");
  t.equal(code, 0);
  t.same(
    stdout.trim().split("\n"),
    names.map((name, rank) => `${rank}@${name} 0/1 ${rank}/7 tcp 28`),
  );
  t.same(ways.sort(), [
    "launcher to n1",
    "launcher to n4",
    "n1 to n2",
    "n1 to n3",
    "n4 to n5",
    "n4 to n6",
    "n6 to n7",
  ]);
  for (const line of asked) {
    const [before, ...after] = line.split(AGENT_COMMAND);
    t.match(before, / n\d exec $/);
    t.same(after, [""], "and nothing secret");
  }
  t.same(left, []);
});

void test("a host that cannot be reached from any other is named, with the words of both ways", async (t) => {
  const args = ["--tree-spawn", "2", ...list(["n1", "n2", "n3", "gone4"]), where];
  const { code, stdout, stderr, left } = await overSsh(t, args);
  t.equal(code, 125);
  t.equal(stdout, "");
  t.match(
    stderr,
    /^tsmpirun: cannot start the agent on gone4: sh: exit code 255 after \d+\.\d s\n {2}no way to gone4\nand sh on n3: exit code 255 after \d+\.\d s\n {2}no way to gone4\n$/,
  );
  t.same(left, []);
});

void test("what agents cannot reach the launcher starts itself", async (t) => {
  const { code, stdout, ways, left } = await overSsh(t, [
    ...["--tree-spawn", "2"],
    ...list(["n1", "inner2", "n3", "n4"]),
    where,
  ]);
  t.equal(code, 0);
  t.match(stdout, /^1@inner2 0\/1 1\/4 tcp 10$/m);
  t.same(ways.filter((way) => way.endsWith("inner2")).sort(), ["launcher to inner2", "n1 to inner2"]);
  t.same(left, []);
});

void test("hosts that have no agent in time are listed with who was to start it", async (t) => {
  const after = (seconds: string, names: readonly string[]) =>
    overSsh(t, ["--start-timeout", seconds, "--tree-spawn", "1", ...list(names), where]);
  const [{ code, stderr, left }, waiting] = await Promise.all([
    after("8", ["n1", "silent2"]), // by then n1 has come
    after("1", ["silent1", "n2"]),
  ]);
  t.equal(code, 125);
  t.match(stderr, /^ {2}silent2: ssh from n1 has not led to an agent$/m);
  t.match(waiting.stderr, /^ {2}n2: the agent of silent1, which is to start it, has not come$/m);
  t.same([...left, ...waiting.left], []);
});

for (const signal of ["SIGKILL", "SIGTERM"] as const)
  void test(`${signal} for the launcher ends the whole tree`, async (t) => {
    const watch: RunOptions["watch"] = (child, stdout) => void (/4@/.test(stdout) && child.kill(signal));
    const args = ["--tree-spawn", "2", ...list(["n1", "n2", "n3", "n4", "n5"]), where, "fail", "9"];
    const { left, seconds } = await overSsh(t, args, { watch });
    t.ok(seconds < 60, `within ${seconds} s`);
    t.same(left, []);
  });
