import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { type Engine, engines, mpirun, run, writeAllBodies } from "../mpirun.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const mishap = join(root, "test/comm/transports/programs/mpi-mishap.ts");
const native = join(root, "test/comm/transports/programs/mpi-native.ts");
const givenUp = join(root, "test/comm/transports/programs/mpi-given-up.ts");
const TSMPIRUN = join(root, "dist/launcher/cli.js");
const appnum = join(root, "test/comm/transports/programs/mpi-appnum.ts");
const SIZE = 3;
const CODE = `import { init } from "tsmpi";
const world = await init();
const sum: number = await world.allreduce((world.rank + 1) * Number(process.argv[1]));
console.log(\`\${world.rank}: \${sum}\`);`;

/** The tests of one MPI, with the programs of the whole suite; skipped where it is not installed. */
export function testEngine(engine: Engine): void {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-mpi-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));

  const { name, skip } = engine;
  const options = { skip, timeout: 260_000 };
  const lines = (text: string): string[] => text.trim().split("\n").sort();

  // All by MPI, as between hosts; with one of them also through memory of tsmpi's own, which is the same for both.
  for (const shared of name === "Open MPI" ? ["1", "0"] : ["0"]) {
    const title = `${name}: every body of the test suite as ${SIZE} ranks, TSMPI_MPI_SHM=${shared}`;
    test(title, options, async (t) => {
      const program = join(folder, "bodies.ts");
      const files = writeAllBodies(program);
      t.ok(files >= 8, `${files} files`);
      const { code, stdout, stderr } = await mpirun(engine, SIZE, [program], {
        env: { TSMPI_SIZE: `${SIZE}`, TSMPI_MPI_SHM: shared },
      });
      t.equal(code, 0, "exit code", { output: (stdout + stderr).split("\n").slice(-40) });
      t.ok(lines(stdout).filter((line) => line.startsWith("ok: ")).length > 60, "bodies have run");
    });
  }

  test(`${name}: a program runs unchanged under mpirun npx tsmpi`, options, async (t) => {
    const { code, stdout, stderr } = await mpirun(engine, SIZE, [mishap, "place"], {
      command: ["npx", "tsmpi"],
    });
    t.equal(code, 0, "exit code", { stderr });
    t.strictSame(
      lines(stdout).map((line): unknown => JSON.parse(line)),
      [0, 1, 2].map((rank) => ["mpi", rank, SIZE, rank, SIZE, 1]),
    );
  });

  test(
    `${name}: a rank that throws ends the job, and its message shows the line of the program`,
    options,
    async (t) => {
      const { code, stderr } = await mpirun(engine, SIZE, [mishap, "throw", "1"]);
      t.equal(code, 1);
      t.match(stderr, /tsmpi: rank 1 on .* failed/);
      t.match(stderr, /something is wrong here/);
      const line =
        1 +
        readFileSync(mishap, "utf8")
          .split("\n")
          .findIndex((text) => text.includes("is wrong here"));
      t.match(stderr, new RegExp(`mpi-mishap\\.ts:${line}:`));
      t.equal(stderr.match(/^tsmpi: rank/gm)?.length, 1, "one message");
    },
  );

  test(`${name}: exit codes of ranks and of abort are those of the job`, options, async (t) => {
    t.equal((await mpirun(engine, SIZE, [mishap, "exit", "2"])).code, 7);
    t.equal((await mpirun(engine, SIZE, [mishap, "abort", "0"])).code, 9);
  });

  test(`${name}: a rank that waits for one that has ended fails instead of hanging`, options, async (t) => {
    for (const what of ["leave", "exit-0"]) {
      const { code, stdout, stderr } = await mpirun(engine, SIZE, [mishap, what, "1"]);
      t.equal(code, 0, what, { stderr });
      t.strictSame(lines(stdout), ["PEER_LOST", "PEER_LOST"], what);
    }
  });

  test(
    `${name}: what a rank still has to deliver at its end is delivered, the rest does not hold it up`,
    options,
    async (t) => {
      const { code, stdout } = await mpirun(engine, SIZE, [mishap, "unawaited", "1"]);
      t.equal(code, 0);
      t.strictSame(lines(stdout), ["0 got 1000000 of 2", "2 got 1000000 of 1"]);
      t.equal((await mpirun(engine, SIZE, [mishap, "unmatched"])).code, 0);
    },
  );

  test(`${name}: a rank that waits for long keeps turning its event loop`, options, async (t) => {
    const { code, stdout } = await mpirun(engine, SIZE, [mishap, "starve", "0"]);
    t.equal(code, 0);
    t.strictSame(lines(stdout), ["turned", "turned", "turned"]);
  });

  test(
    `${name}: a library that is not that of the launcher, or is not there, is an error that says so`,
    options,
    async (t) => {
      const other = name === "MPICH" ? "libmpi.so.40" : "libmpich.so.12";
      const both = engines.every((each) => each.skip === false);
      if (both) {
        const wrong = await mpirun(engine, 2, [mishap, "place"], { env: { TSMPI_MPI_LIBRARY: other } });
        t.not(wrong.code, 0);
        t.match(wrong.stderr, /launcher has started 2.*TSMPI_MPI_LIBRARY/s);
      }
      const none = await mpirun(engine, 2, [mishap, "place"], { env: { TSMPI_MPI_LIBRARY: "libnone.so.1" } });
      t.equal(none.code, 1);
      t.match(none.stderr, /found no MPI library; .*install.*libnone\.so\.1/s);
    },
  );

  test(`${name}: tsmpirun --engine mpi starts a program with its mpirun`, options, async (t) => {
    const words = [
      "--engine",
      "mpi",
      "--mpirun",
      engine.mpirun,
      "-v",
      "-n",
      "2",
      "-x",
      "GREETING=hi",
      mishap,
    ];
    const good = await run(process.execPath, [TSMPIRUN, ...words, "place"]);
    t.equal(good.code, 0, "exit code", { stderr: good.stderr });
    t.match(good.stderr, new RegExp(`tsmpirun: ${name} \\d`));
    t.equal(lines(good.stdout).length, 2);
    t.equal((await run(process.execPath, [TSMPIRUN, ...words, "exit", "1"])).code, 7);
    const inline = await run(process.execPath, [TSMPIRUN, ...words.slice(0, -1), "-e", CODE, "7"]);
    t.same({ code: inline.code, lines: lines(inline.stdout) }, { code: 0, lines: ["0: 21", "1: 21"] });
    const several = [...words, "place", ":", "-n", "1", appnum, "second"];
    const both = await run(process.execPath, [TSMPIRUN, ...several]);
    t.equal(both.code, 0, "exit code", { stderr: both.stderr });
    t.match(both.stdout, /^\["mpi",0,3,/m);
    t.match(both.stdout, /^2 is of program 1: second$/m);
  });

  test(
    `${name}: long collectives by MPI itself are right, in order, compared, and can be given up`,
    options,
    async (t) => {
      const { code, stdout, stderr } = await mpirun(engine, SIZE, [native], { env: { TSMPI_MPI_SHM: "0" } });
      t.equal(code, 0, "exit code", { stderr });
      t.match(stdout, /^good$/m); // UCX may tell of what was given up
    },
  );

  for (const [how, title] of [
    ["return", "comes to its end"],
    ["exit", "exits"],
  ])
    test(
      `${name}: collectives given up by a program that ${title} at once hold nothing up`,
      options,
      async (t) => {
        const env = { TSMPI_MPI_SHM: "0" };
        const { code, stdout, stderr } = await mpirun(engine, SIZE, [givenUp, how], { env });
        t.equal(code, 0, "exit code", { stderr });
        t.strictSame(lines(stdout), ["ends", "ends", "ends"]);
      },
    );
}
