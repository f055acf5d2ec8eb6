import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { writeAllBodies } from "../mpirun.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";
import { runOnHosts } from "./run-on-hosts.js";

void test(
  "every body of the communicator's test suite on two and three hosts, over ssh",
  { timeout: 600_000, skip: cannotMakeHosts() ?? false },
  async (t) => {
    const hosts = await makeHosts(3);
    t.teardown(() => hosts.down());
    const folder = mkdtempSync(join(tmpdir(), "tsmpi-suite-"));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const program = join(folder, "bodies.ts");
    writeAllBodies(program, "comm");
    for (const list of ["node1:2,node2:1", "node1:1,node2:1,node3:1"])
      await t.test(list, async (t) => {
        const args = ["--host", list, program];
        const { code, stdout, stderr } = await runOnHosts(t, { hosts, args, limitMs: 280_000 });
        t.equal(code, 0, "exit code", { output: (stdout + stderr).split("\n").slice(-40) });
        t.ok(stdout.split("\n").filter((line) => line.startsWith("ok: ")).length > 60, "bodies have run");
      });
  },
);
