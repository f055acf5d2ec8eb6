import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { outcomeOf } from "../mpirun.js";
import { cannotMakeHosts, makeHosts } from "./namespaces.js";

const WHERE = fileURLToPath(new URL("../launcher/programs/where.js", import.meta.url));

const why = cannotMakeHosts();

void test(
  "ranks meet on several hosts, one of which means itself by its own name",
  { timeout: 60_000, skip: why ?? false },
  async (t) => {
    const hosts = await makeHosts(2);
    t.teardown(() => hosts.down());
    const folder = t.testdir();
    hosts.command("node1", `umask 077; echo ${randomBytes(16).toString("hex")} >${join(folder, "secret")}`);
    const start = (rank: number, host: string, address: string, encrypt: string) => {
      const place = { RANK: `${rank}`, WORLD_SIZE: "3", MASTER_ADDR: address, MASTER_PORT: "29500" };
      const env = {
        ...process.env,
        ...place,
        TSMPI_SECRET_FILE: join(folder, "secret"),
        TSMPI_ENCRYPT: encrypt,
      };
      return outcomeOf(hosts.start([process.execPath, WHERE], env, host));
    };
    for (const encrypt of ["1", "0"]) {
      const [first, ...others] = await Promise.all([
        start(0, "node1", "node1", encrypt), // 127.0.1.1 to itself
        start(1, "node1", "node1", encrypt),
        start(2, "node2", hosts.addressOf("node1"), encrypt),
      ]);
      const stdout = "0@node1 0/2 0/2 tcp 6\n1@node1 1/2 0/2 tcp 6\n2@node2 0/1 1/2 tcp 6\n";
      t.same(first, { code: 0, stdout, stderr: "" });
      for (const other of others) t.same(other, { code: 0, stdout: "", stderr: "" });
    }
  },
);
