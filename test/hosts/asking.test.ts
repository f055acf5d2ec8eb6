import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { readTopology } from "../../src/topology/topology.js";
import { program } from "../launcher/tsmpirun.js";
import { outcomeOf } from "../mpirun.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";

const CLI = fileURLToPath(new URL("../../launcher/cli.js", import.meta.url));
const where = program("where.ts");
const options = { timeout: 240_000, skip: cannotMakeHosts() ?? false };
const [first] = readTopology();

void test("hosts are asked what they are like", options, async (t) => {
  const hosts = await makeHosts(3);
  t.teardown(() => hosts.down());
  const runtime = t.testdir();
  const tsmpirun = (...args: readonly string[]) => {
    const [subcommand, rest] = /^-/.test(args[0]) ? [[], args] : [args.slice(0, 1), args.slice(1)];
    const command = [process.execPath, CLI, ...subcommand, "--ssh-args", `-F ${hosts.sshConfig}`, ...rest];
    return outcomeOf(hosts.start(command, { ...process.env, XDG_RUNTIME_DIR: runtime }));
  };

  await t.test("those that give no number of slots have one for each core", async (t) => {
    const file = join(runtime, "hosts");
    writeFileSync(file, "node2\nnode3\n");
    const { code, stdout, stderr } = await tsmpirun(
      "-f",
      file,
      "--dry-run",
      "--display",
      "alloc,bind,topo",
      where,
    );
    t.equal(stderr, "");
    t.equal(code, 0);
    const cores = new Set(readTopology().map(({ core }) => core)).size;
    t.match(
      stdout,
      new RegExp(`^allocation: ${2 * cores} slots? on 2 hosts\n  node2: ${cores} slots?, ${cores} core`),
    );
    t.match(stdout, /^topology of node3: \d+ cores?/m);
  });

  await t.test("a rank on each NUMA node of each host, on the CPU that is named", async (t) => {
    const bound = ["--cpu-list", `${first.id}`, "--bind-to", "core", "--report-bindings"];
    const places = ["--map-by", "ppr:1:numa", "--host", "node1:9,node2:9,node3:9", "-n", "2"];
    const { code, stdout, stderr } = await tsmpirun(...places, ...bound, program("cpus.ts"));
    t.equal(code, 0, stderr);
    t.same(stdout.trim().split("\n").sort(), [`0: ${first.id}`, `1: ${first.id}`]);
    t.match(stderr, new RegExp(`^rank 1 on node[12]: CPUs ${first.id} \\(`, "m"));
  });

  await t.test("hosts --check and doctor show each, over ssh", async (t) => {
    const list = ["--host", "node1:2,node3:2"];
    const table = await tsmpirun("hosts", "--check", ...list);
    t.equal(table.code, 0, table.stderr);
    t.match(table.stdout, /^node3 +2 +.* v\d+\.\d+\.\d+ +\d+\.\d+\.\d+ .* 10\.78\.0\.3$/m);
    const doctor = await tsmpirun("doctor", ...list);
    t.equal(doctor.code, 0, doctor.stdout);
    t.match(
      doctor.stdout,
      /^node3:\n +ok {2}answers in \d+ ms; node v.*\n +ok {2}addresses: .*eth0 10\.78\.0\.3/m,
    );
    t.match(doctor.stdout, /^node3:\n(?: .*\n)* +ok {2}reaches the other hosts/m);
  });

  await t.test("doctor names hosts that do not reach each other, and the ports to open", async (t) => {
    hosts.deafen("node3", "node2");
    const list = ["--host", "node1:2,node2:2,node3:2", "--ports", "47300-47399"];
    const { code, stdout } = await tsmpirun("doctor", ...list);
    hosts.undeafen("node3");
    t.equal(code, 125);
    t.match(
      stdout,
      /^node2:\n(?: .*\n)* +error {2}cannot reach node3 at 10\.78\.0\.3:473\d\d: no answer within 5 s; a firewall may drop it: open TCP ports 47300-47399 there$/m,
    );
    t.equal(stdout.match(/error/g)?.length, 1);
    t.same(
      hosts.names.flatMap((name) => hosts.running(name)),
      [],
      "nothing is left",
    );
  });
});
