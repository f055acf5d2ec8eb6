import { fileURLToPath } from "node:url";
import { test } from "tap";
import { engines, outcomeOf } from "../mpirun.js";
import { cannotRunSlurm, startSlurm } from "./slurm.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const TSMPI = fileURLToPath(new URL("../../launcher/tsmpi.js", import.meta.url));
const LIBRARY = new URL("../../src/index.js", import.meta.url).href;
const mishap = fileURLToPath(
  new URL("../../../test/comm/transports/programs/mpi-mishap.ts", import.meta.url),
);
const why = cannotRunSlurm();
const [openMpi, mpich] = engines;

void test("programs that srun starts", { timeout: 400_000, skip: why ?? false }, async (t) => {
  const slurm = await startSlurm(2);
  t.teardown(() => slurm.down());
  const skipOf = (plugin: string, skip: string | false): string | false =>
    slurm.plugins.includes(plugin) ? skip : `srun has no plugin ${plugin}`;
  const pmix = { timeout: 150_000, skip: skipOf("pmix", openMpi.skip) };
  const pmi2 = { timeout: 150_000, skip: skipOf("pmi2", mpich.skip) };
  const tsmpi = [process.execPath, TSMPI];
  const srun = (options: readonly string[], command: readonly string[]) =>
    outcomeOf(slurm.start(["srun", "-D", root, ...options, ...command]));
  const places = (stdout: string): unknown[] =>
    stdout
      .trim()
      .split("\n")
      .sort()
      .map((line): unknown => JSON.parse(line));

  await t.test("Open MPI by PMIx: ranks on two nodes know their hosts", pmix, async (t) => {
    const { code, stdout, stderr } = await srun(["--mpi=pmix", "-N2", "-n4"], [...tsmpi, mishap, "place"]);
    t.equal(code, 0, "exit code", { stderr });
    t.strictSame(
      places(stdout),
      [0, 1, 2, 3].map((rank) => ["mpi", rank, 4, rank % 2, 2, 2]),
    );
  });

  await t.test("MPICH by PMI: npx tsmpi finds what srun has handed down", pmi2, async (t) => {
    const options = ["--mpi=pmi2", "-N1", "-n2"];
    const { code, stdout, stderr } = await srun(options, ["npx", "tsmpi", mishap, "place"]);
    t.equal(code, 0, "exit code", { stderr });
    t.strictSame(
      places(stdout),
      [0, 1].map((rank) => ["mpi", rank, 2, rank, 2, 1]),
    );
  });

  await t.test("a rank that throws ends the job on all nodes, with its message", pmix, async (t) => {
    const { code, stderr } = await srun(["--mpi=pmix", "-N2", "-n3"], [...tsmpi, mishap, "throw", "2"]);
    t.not(code, 0);
    t.match(stderr, /tsmpi: rank 2 on node2 failed.*something is wrong here/s);
  });

  await t.test("the exit code of a rank is that of the job, where the plugin keeps it", pmix, async (t) => {
    t.equal((await srun(["--mpi=pmix", "-N2", "-n3"], [...tsmpi, mishap, "exit", "1"])).code, 7);
  });

  await t.test("MPICH by PMI: a rank that throws ends the job", pmi2, async (t) => {
    const { code, stderr } = await srun(["--mpi=pmi2", "-N1", "-n2"], [...tsmpi, mishap, "throw", "1"]);
    t.not(code, 0); // srun says 137: this plugin kills the others, and forgets the code
    t.match(stderr, /tsmpi: rank 1 on node[12] failed.*something is wrong here/s);
  });

  await t.test("without a plugin, an error says what to write", async (t) => {
    const alone = `import(${JSON.stringify(LIBRARY)}).then(({ init }) => init())`;
    const { code, stderr } = await srun(["--mpi=none", "-N2", "-n2"], [process.execPath, "-e", alone]);
    t.not(code, 0);
    t.match(stderr, /srun has started 2 processes .*srun npx tsmpi script\.ts; or.* srun --mpi=pmix/);
  });
});
