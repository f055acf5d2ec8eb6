import { test } from "tap";
import { program } from "../launcher/tsmpirun.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";
import { type Run, runOnHosts } from "./run-on-hosts.js";

const limits = { timeout: 300_000 };
const why = cannotMakeHosts();
const where = program("where.ts");

/** Does something once every rank is there; says how long ago that was. */
function whenAllRun(act: () => void): { watch: NonNullable<Run["watch"]>; seconds: () => number } {
  let actedMs = 0;
  return {
    watch(stdout) {
      if (actedMs > 0 || !stdout.includes("5@")) return;
      actedMs = performance.now();
      act();
    },
    seconds: () => (performance.now() - actedMs) / 1000,
  };
}

void test("faults of hosts", { ...limits, skip: why ?? false }, async (t) => {
  const hosts = await makeHosts(3);
  t.teardown(() => hosts.down());
  const on = ["--host", hosts.names.map((name) => `${name}:2`).join(",")];
  const waiting = [...on, where, "fail", "9"]; // all wait, for ever

  await t.test("hosts that do not reach each other are named before any rank starts", async (t) => {
    const probing = ["--heartbeat", "2", ...on, where];
    hosts.deafen("node3", "node2");
    const oneWay = await runOnHosts(t, { hosts, args: probing });
    hosts.undeafen("node3");
    t.equal(oneWay.code, 125);
    t.equal(oneWay.stdout, "");
    t.match(
      oneWay.stderr,
      /^tsmpirun: node2 cannot reach node3 at 10\.78\.0\.3:\d+: no answer within 2 s\n {2}no rank was started; .*--iface/,
    );
    hosts.part("node2", "node3");
    const both = await runOnHosts(t, { hosts, args: probing });
    hosts.rejoin("node2", "node3");
    t.equal(both.code, 125);
    t.match(both.stderr, /node2 cannot reach node3 at .*no route/);
    t.match(both.stderr, /node3 cannot reach node2 at .*no route/);
  });

  await t.test("a host that is cut off is named, in time; its own ranks end as well", async (t) => {
    const { watch, seconds } = whenAllRun(() => hosts.cut("node2"));
    const { code, stderr } = await runOnHosts(t, { hosts, args: ["--heartbeat", "2", ...waiting], watch });
    t.equal(code, 125);
    t.match(
      stderr,
      /^tsmpirun: node2 has not answered for 2 s; lost ranks 2-3; job aborted, exit code 125$/m,
    );
    t.equal(stderr.match(/tsmpirun:/g)?.length, 1, "and nothing else");
    t.ok(seconds() < 15, `within ${seconds()} s`);
    hosts.heal("node2");
  });

  await t.test("two hosts that lose each other end the job, which neither keeps waiting", async (t) => {
    const { watch, seconds } = whenAllRun(() => hosts.part("node2", "node3"));
    const args = ["--heartbeat", "1", ...on, program("everyone.ts")];
    const { code, stderr } = await runOnHosts(t, { hosts, args, watch });
    t.equal(code, 1);
    t.match(stderr, /rank [2-5] \(node[23], pid \d+\) .*its host has not answered/s);
    t.ok(seconds() < 15, `within ${seconds()} s`);
    hosts.rejoin("node2", "node3");
  });

  await t.test("a host that drops the connection that a rank is about to make is named", async (t) => {
    const { watch, seconds } = whenAllRun(() => hosts.deafen("node3", "node2"));
    const args = ["--heartbeat", "1", ...on, program("everyone.ts"), "later"];
    const { code, stderr } = await runOnHosts(t, { hosts, args, watch });
    hosts.undeafen("node3");
    t.equal(code, 1);
    t.match(stderr, /rank 3 \(node2, pid \d+\) .*its host has not answered/s);
    t.ok(seconds() < 15, `within ${seconds()} s`);
  });

  await t.test("a slow network, and a rank that computes, are not mistaken for dead", async (t) => {
    const { watch } = whenAllRun(() => hosts.shape("node2", "1mbit"));
    const args = ["--heartbeat", "3", ...on, program("everyone.ts"), "slow"];
    const { code, stdout, stderr } = await runOnHosts(t, { hosts, args, watch });
    t.equal(code, 0, stderr);
    t.match(stdout, /^all came back from rank 3$/m);
    hosts.unshape("node2");
  });

  await t.test("a full disk where the program goes is named, with what to do", async (t) => {
    const small = "mkdir -p /run/small && mount -t tmpfs -o size=4k none /run/small && ";
    const prefix = ["sh", "-c", `${small} XDG_RUNTIME_DIR=/run/small exec "$@"`, "sh"];
    const { code, stderr } = await runOnHosts(t, { hosts, args: waiting, prefix });
    t.equal(code, 125);
    t.match(stderr, /node1: .*\/run\/small\/\S+: no space left .*XDG_RUNTIME_DIR/);
  });

  await t.test("a host that is powered off is named", async (t) => {
    const { watch, seconds } = whenAllRun(() => hosts.powerOff("node3"));
    const { code, stderr } = await runOnHosts(t, { hosts, args: ["--heartbeat", "2", ...waiting], watch });
    t.equal(code, 125);
    t.match(stderr, /node3 .*; lost ranks 4-5; job aborted, exit code 125/);
    t.ok(seconds() < 15, `within ${seconds()} s`);
  });
});
