import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import {
  candidates,
  howToInstall,
  launchedSize,
  missingPlugin,
} from "../../../src/comm/transports/mpi/find.js";
import type { MpiEnvironment } from "../../../src/env.js";
import { run } from "../../mpirun.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const mishap = join(root, "test/comm/transports/programs/mpi-mishap.ts");

const NOTHING: MpiEnvironment = {
  library: undefined,
  sharedMemory: true,
  openMpiSize: undefined,
  pmixRank: undefined,
  pmiRank: undefined,
  pmiSize: undefined,
  pmiFd: undefined,
  slurmTasks: undefined,
};

test("the launcher decides which library is tried first", async (t) => {
  t.equal(candidates({ ...NOTHING, openMpiSize: 2 })[0], "libmpi.so.40");
  t.equal(candidates({ ...NOTHING, pmixRank: 0 })[0], "libmpi.so.40");
  t.equal(candidates({ ...NOTHING, pmiRank: 0, pmiSize: 2 })[0], "libmpich.so.12");
  t.strictSame(candidates({ ...NOTHING, pmiRank: 0, library: "/opt/libmpi.so" }), ["/opt/libmpi.so"]);
  t.equal(launchedSize({ ...NOTHING, pmiRank: 0, pmiSize: 5 }), 5);
});

test("srun without a PMI plugin is an error that says what to write", async (t) => {
  t.equal(missingPlugin({ ...NOTHING, slurmTasks: 1 }), undefined);
  t.equal(missingPlugin({ ...NOTHING, slurmTasks: 4, pmixRank: 0 }), undefined);
  t.match(missingPlugin({ ...NOTHING, slurmTasks: 4 }), /started 4 .*--mpi=pmix.*--mpi=pmi2/);
  const { code, stderr } = await run(
    process.execPath,
    [join(root, "dist/launcher/tsmpi.js"), mishap, "place"],
    { SLURM_STEP_NUM_TASKS: "2" },
  );
  t.equal(code, 1);
  t.match(stderr, /--mpi=pmix/);
});

test("what to install depends on the system", async (t) => {
  t.match(howToInstall(), /install|module/);
});
