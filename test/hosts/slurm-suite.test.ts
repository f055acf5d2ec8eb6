import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { engines, outcomeOf, writeAllBodies } from "../mpirun.js";
import { cannotRunSlurm, startSlurm } from "./slurm.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const TSMPI = fileURLToPath(new URL("../../launcher/tsmpi.js", import.meta.url));
const skip: string | false = cannotRunSlurm() ?? engines[0].skip;
const SUITE = { TSMPI_SIZE: "3" };
const options = { timeout: 300_000, skip };

/** The one place where the MPI engine runs shared memory and MPI side by side. */
void test("every body of the test suite on two nodes of Slurm", options, async (t) => {
  const slurm = await startSlurm(2);
  t.teardown(() => slurm.down());
  if (!slurm.plugins.includes("pmix")) {
    t.pass("pmix", { skip: "srun has no plugin pmix" });
    return;
  }
  const program = join(t.testdir(), "bodies.ts");
  writeAllBodies(program);
  const command = ["srun", "-D", root, "--mpi=pmix", "-N2", "-n3", process.execPath, TSMPI, program];
  const { code, stdout, stderr } = await outcomeOf(slurm.start(command, { ...process.env, ...SUITE }));
  t.equal(code, 0, "exit code", { output: (stdout + stderr).split("\n").slice(-40) });
  t.ok(stdout.split("\n").filter((line) => line.startsWith("ok: ")).length > 60, "bodies have run");
});
