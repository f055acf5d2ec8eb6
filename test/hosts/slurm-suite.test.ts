import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { engines, outcomeOf, writeAllBodies } from "../mpirun.js";
import { cannotRunSlurm, startSlurm } from "./slurm.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const TSMPI = fileURLToPath(new URL("../../launcher/tsmpi.js", import.meta.url));
const skip = cannotRunSlurm() ?? engines[0].skip;

/** A suite of its own: the one place where the MPI engine runs shared memory and MPI side by side. */
void test("every body of the test suite on two nodes of Slurm", { timeout: 115_000, skip }, async (t) => {
  const slurm = await startSlurm(2);
  t.teardown(() => slurm.down());
  if (!slurm.plugins.includes("pmix")) return t.skip("srun has no plugin pmix");
  const program = join(t.testdir(), "bodies.ts");
  writeAllBodies(program);
  const command = ["srun", "-D", root, "--mpi=pmix", "-N2", "-n3", process.execPath, TSMPI, program];
  const { code, stdout, stderr } = await outcomeOf(slurm.start(command, { ...process.env, TSMPI_SIZE: "3" }));
  t.equal(code, 0, "exit code", { output: (stdout + stderr).split("\n").slice(-40) });
  t.ok(stdout.split("\n").filter((line) => line.startsWith("ok: ")).length > 60, "bodies have run");
});
