import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { program } from "../launcher/tsmpirun.js";
import { launch } from "../spmd.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";
import { type Run, runOnHosts } from "./run-on-hosts.js";

const example = fileURLToPath(new URL("../../../examples/poststack.ts", import.meta.url));
const limits = { timeout: 300_000 };
const why = cannotMakeHosts();

void test(
  "ranks on several hosts, each with an address of its own",
  { ...limits, skip: why ?? false },
  async (t) => {
    const hosts = await makeHosts(3);
    t.teardown(() => hosts.down());
    const list = (slots: number) => ["--host", hosts.names.map((name) => `${name}:${slots}`).join(",")];

    await t.test("six ranks on three hosts find each other", async (t) => {
      const { code, stdout, stderr } = await runOnHosts(t, {
        hosts,
        args: [...list(2), program("where.ts")],
      });
      t.equal(stderr, "");
      t.equal(code, 0);
      t.same(
        stdout.trim().split("\n"),
        [0, 1, 2, 3, 4, 5].map((rank) => {
          const host = Math.floor(rank / 2);
          return `${rank}@node${host + 1} ${rank % 2}/2 ${host}/3 shm+tcp 21`;
        }),
      );
    });

    await t.test("in clear, over ZeroMQ, and on an interface or a subnet", async (t) => {
      for (const how of [
        ["--no-encrypt"],
        ["--transport", "zmq"],
        ["--iface", "eth0"],
        ["--iface", "10.78.0.0/24"],
      ]) {
        const { code, stdout } = await runOnHosts(t, {
          hosts,
          args: [...how, ...list(1), program("where.ts")],
        });
        t.equal(code, 0, how.join(" "));
        t.match(stdout, /2@node3 0\/1 2\/3 (tcp|zmq) 6/);
      }
    });

    await t.test("an inversion has the cost history that it has on one machine", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "tsmpi-poststack-"));
      t.teardown(() => rmSync(folder, { recursive: true }));
      const options = ["--iterations", "8", "--no-plot", "--out"];
      const costOf = (name: string): number[] =>
        (JSON.parse(readFileSync(join(folder, name, "history.json"), "utf8")) as { cost: number[] }).cost;
      const here = await launch(["-n", "4", example, ...options, join(folder, "here")]);
      t.equal(here.code, 0, here.output);
      const want = costOf("here");
      for (const [name, hostList] of [
        ["one", "node2:4"],
        ["two", "node1:2,node2:2"],
        ["three", "node1:1,node2:2,node3:1"],
      ] as const) {
        const args = ["--host", hostList, example, ...options, join(folder, name)];
        const { code, stderr } = await runOnHosts(t, { hosts, args });
        t.equal(code, 0, stderr);
        const got = costOf(name);
        t.equal(got.length, want.length);
        const worst = Math.max(...got.map((cost, i) => Math.abs(cost - want[i]) / want[i]));
        t.ok(worst < 1e-12, `${name} hosts: within ${worst}`);
      }
    });

    await t.test("a rank that fails ends the job on all hosts, and is named with its host", async (t) => {
      const { code, stderr } = await runOnHosts(t, {
        hosts,
        args: [...list(2), program("where.ts"), "fail", "5"],
      });
      t.equal(code, 1);
      t.match(stderr, /rank 5 \(node3, pid \d+\) .*on purpose/s);
    });

    await t.test("SIGKILL for the launcher ends the ranks of all hosts", async (t) => {
      const watch: Run["watch"] = (stdout) =>
        void (stdout.includes("5@") && hosts.kill("node1", "launcher/cli.js"));
      await runOnHosts(t, { hosts, args: [...list(2), program("where.ts"), "fail", "9"], watch });
    });

    await t.test("an agent that is killed takes its ranks along, and ends the job", async (t) => {
      const watch: Run["watch"] = (stdout) =>
        void (stdout.includes("5@") && hosts.kill("node2", "launcher/agent.js"));
      const args = [...list(2), program("where.ts"), "fail", "9"];
      const { code, stderr } = await runOnHosts(t, { hosts, args, watch });
      t.equal(code, 125);
      t.match(stderr, /the agent on node2 ended unexpectedly/);
    });

    await t.test("a host that refuses to start an agent is named, in its own words", async (t) => {
      const args = ["--node", "/no/node", "--host", "node2:1,node3:1", program("where.ts")];
      const { code, stderr } = await runOnHosts(t, { hosts, args });
      t.equal(code, 125);
      t.match(
        stderr,
        /cannot start the agent on node[23]: ssh: exit code 127 after \d\.\d s\n.*\/no\/node: No such file/s,
      );
    });
  },
);
