import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import { shellWord } from "../../src/shell-word.js";
import { program } from "../launcher/tsmpirun.js";
import { outcomeOf } from "../mpirun.js";
import { cannotRunSlurm, type Slurm, startSlurm } from "./slurm.js";

const built = (name: string): string => fileURLToPath(new URL(`../../launcher/${name}`, import.meta.url));
const TSMPIRUN = [process.execPath, built("cli.js")];
const TSMPI = [process.execPath, built("tsmpi.js")];
const where = program("where.ts");
const why = cannotRunSlurm();

/** Runs a command on the first host, in a home and a runtime folder of its own; nothing may be left in them. */
async function run(t: Test, slurm: Slurm, command: readonly string[], heard?: (stdout: string) => void) {
  const home = mkdtempSync(join(tmpdir(), "tsmpi-home-"));
  t.teardown(() => rmSync(home, { recursive: true }));
  const child = slurm.start(command, { ...process.env, HOME: home, XDG_RUNTIME_DIR: home });
  child.stdout?.on("data", (text: string) => heard?.(text));
  const { code, stdout, stderr } = await outcomeOf(child);
  const left = await settled(() => leftovers(slurm, home));
  t.same(left, [], "nothing is left");
  return { code, stderr, lines: stdout.trim().split("\n") };
}

/** Processes on any host, and files. */
function leftovers({ hosts }: Slurm, home: string): string[] {
  const processes = hosts.names.flatMap((name) => hosts.running(name));
  const files = readdirSync(home, { recursive: true, encoding: "utf8" });
  return [
    ...processes.filter((line) => /launcher\/|esbuild/.test(line)),
    ...files.filter((name) => !/^\.cache(\/tsmpi(\/code_.*)?)?$/.test(name)), // compiled code is kept
  ];
}

/** What is left once it has stopped changing: what is killed is cleaned up by others. */
async function settled(look: () => string[]): Promise<string[]> {
  for (let tries = 0; tries < 30 && look().length > 0; tries++) await pause(100);
  return look();
}

void test("jobs of Slurm", { timeout: 400_000, skip: why ?? false }, async (t) => {
  const slurm = await startSlurm(2);
  t.teardown(() => slurm.down());

  await t.test(
    "tsmpirun inside salloc: hosts and slots are those of the job, agents come by srun",
    async (t) => {
      const salloc = ["salloc", "-Q", "-N2", "--ntasks-per-node=2"];
      const { code, stderr, lines } = await run(t, slurm, [...salloc, ...TSMPIRUN, where]);
      t.equal(stderr, "");
      t.equal(code, 0);
      t.same(
        lines,
        [0, 1, 2, 3].map((rank) => {
          const host = Math.floor(rank / 2);
          return `${rank}@node${host + 1} ${rank % 2}/2 ${host}/2 shm+tcp 10`;
        }),
      );
    },
  );

  await t.test("tsmpirun in a batch script: the same, and its exit code is the job's", async (t) => {
    const folder = t.testdir();
    const batch = async (...args: readonly string[]) => {
      const output = join(folder, `out-${args.length}`);
      const sbatch = ["sbatch", "-Q", "--wait", "-N2", "--ntasks-per-node=2", "-o", output, "-D", folder];
      const command = [...TSMPIRUN, where, ...args].map(shellWord).join(" ");
      const { code } = await run(t, slurm, [...sbatch, "--wrap", command]);
      return { code, output: readFileSync(output, "utf8") };
    };
    const good = await batch();
    t.equal(good.code, 0);
    t.match(good.output, /^0@node1 0\/2 0\/2 shm\+tcp 10\n.*\n.*\n3@node2 1\/2 1\/2 shm\+tcp 10\n$/);
    const bad = await batch("fail", "3");
    t.equal(bad.code, 1);
    t.match(bad.output, /tsmpirun: rank 3 \(node2, pid \d+\) .*on purpose/s);
  });

  await t.test("CPUs of each task become those of each rank; hosts can be asked, and picked", async (t) => {
    const salloc = ["salloc", "-Q", "-N2", "-n2", "-c2"];
    const shown = [...TSMPIRUN, "--map-by", "ppr:1:socket", "--host", "node2", "--report-bindings", where];
    const { code, stderr, lines } = await run(t, slurm, [...salloc, ...shown]);
    t.equal(code, 0);
    t.same(lines, ["0@node2 0/1 0/1 shm 1"]);
    t.match(stderr, /^rank 0 on node2: (CPUs|not bound)/);
  });

  await t.test("the hosts of the job can be asked how they are", async (t) => {
    const { code, lines } = await run(t, slurm, ["salloc", "-Q", "-N2", ...TSMPIRUN, "hosts", "--check"]);
    t.equal(code, 0);
    t.match(lines[2], /^node2 +\d+ +.* v\d+\.\d+\.\d+ /);
  });

  await t.test("more ranks than the job has slots are refused", async (t) => {
    const { code, stderr } = await run(t, slurm, [
      "salloc",
      "-Q",
      "-N2",
      "-n2",
      ...TSMPIRUN,
      "-n",
      "5",
      where,
    ]);
    t.equal(code, 2);
    t.match(
      stderr,
      /5 ranks exceed the 2 slots in the allocation of slurm: node1 1, node2 1, from job \d+ of Slurm/,
    );
  });

  await t.test("a rank that fails ends the job on all hosts", async (t) => {
    const salloc = ["salloc", "-Q", "-N2", "-n4"];
    const { code, stderr } = await run(t, slurm, [...salloc, ...TSMPIRUN, where, "fail", "3"]);
    t.equal(code, 1);
    t.match(stderr, /^tsmpirun: rank 3 \(node2, pid \d+\) .*on purpose/s);
  });

  const srun = ["srun", "-Q", "--mpi=none", "-N2"];

  await t.test("srun tsmpi: each task is a rank, in blocks or in turn, without any MPI", async (t) => {
    const block = await run(t, slurm, [...srun, "-n3", ...TSMPI, where]);
    t.equal(block.stderr, "");
    t.equal(block.code, 0);
    t.same(block.lines, ["0@node1 0/2 0/2 shm+tcp 6", "1@node1 1/2 0/2 shm+tcp 6", "2@node2 0/1 1/2 tcp 6"]);
    const cyclic = await run(t, slurm, [...srun, "-n4", "--distribution=cyclic", ...TSMPI, where]);
    t.equal(cyclic.code, 0);
    t.match(cyclic.lines[3], /^3@node2 1\/2 1\/2 shm\+tcp 10$/);
  });

  await t.test("srun tsmpi: a rank that fails ends all tasks, with its code and one message", async (t) => {
    const { code, stderr } = await run(t, slurm, [...srun, "-n4", ...TSMPI, where, "fail", "2"]);
    t.equal(code, 1);
    t.match(stderr, /^tsmpirun: rank 2 \(node2, pid \d+\) .*on purpose/s);
    t.equal(stderr.match(/on purpose/g)?.length, 2, "the error, and its line");
  });

  await t.test("srun tsmpi: a task that fails before it joins ends the others at once", async (t) => {
    for (const rank of [0, 3]) {
      const broken = `test $SLURM_PROCID != ${rank} || export XDG_RUNTIME_DIR=/proc/none; exec "$@"`;
      const begun = performance.now();
      const { code, stderr } = await run(t, slurm, [
        ...srun,
        "-n4",
        "sh",
        "-c",
        broken,
        "-",
        ...TSMPI,
        where,
      ]);
      t.equal(code, 125);
      t.match(
        stderr,
        /cannot start the agent on node\d: no folder for jobs can be made .*set XDG_RUNTIME_DIR/,
      );
      t.ok(performance.now() - begun < 50_000, "nobody waits a minute");
    }
  });

  await t.test(
    "srun tsmpi: tasks that end before tsmpi has begun are missed, with one message",
    async (t) => {
      for (const [ending, missed] of [
        ["test $SLURM_PROCID != 1", "the task of srun for rank 1 on node1"],
        ["test $SLURM_NODEID != 0", "the tasks of srun for ranks 0-1 on node1"],
      ]) {
        const command = ["sh", "-c", `${ending} || exit 9; exec "$@"`, "-", ...TSMPI, where];
        const begun = performance.now();
        const { code, stderr } = await run(t, slurm, [...srun, "-n4", ...command]);
        t.not(code, 0);
        t.match(stderr, `${missed} ended before the job could start; srun says how`);
        t.equal(stderr.match(/^tsmpi/gm)?.length, 1, "one message");
        t.ok(performance.now() - begun < 40_000, "nobody waits a minute");
      }
    },
  );

  await t.test(
    "srun tsmpi: what does not compile ends all tasks, with its code and one message",
    async (t) => {
      const broken = join(t.testdir({ "broken.ts": "const x = ;" }), "broken.ts");
      const { code, stderr } = await run(t, slurm, [...srun, "-n3", ...TSMPI, broken]);
      t.equal(code, 1);
      t.equal(stderr.match(/^tsmpi/gm)?.length, 1);
      t.match(stderr, /tsmpi: cannot compile .*broken.ts/);
    },
  );

  await t.test("srun tsmpi: a task that is killed ends the others", async (t) => {
    const kill = (): void => {
      const compilers = slurm.hosts.running("node1").filter((line) => line.includes("esbuild"));
      t.same(compilers, [], "the compiler has ended");
      slurm.hosts.kill("node2", "launcher/tsmpi.js");
    };
    const { code, stderr } = await run(t, slurm, [...srun, "-n2", ...TSMPI, where, "fail", "9"], kill);
    t.not(code, 0);
    t.match(stderr, /the agent on node2 ended unexpectedly .*lost rank 1; job aborted/);
  });
});
