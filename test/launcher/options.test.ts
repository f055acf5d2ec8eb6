import { join, resolve } from "node:path";
import { writeFileSync } from "node:fs";
import { test } from "tap";
import { type Options, parseOptions } from "../../launcher/options.js";

function options(...argv: string[]): Options {
  const request = parseOptions(argv);
  if (!("programs" in request)) throw new Error(`${argv.join(" ")} is no job`);
  return request;
}

/** Ranks, script and arguments of each program. */
function brief(...argv: string[]): string[] {
  return options(...argv).programs.map(({ count, script, args }) =>
    [count ?? "auto", script.split("/").at(-1), ...args].join(" "),
  );
}

void test("a colon that stands alone begins the next program", async (t) => {
  t.same(brief("-n", "2", "a.ts", "x:y", ":", "-n", "3", "b.ts", "--tag"), ["2 a.ts x:y", "3 b.ts --tag"]);
  t.equal(options("-n", "2", "a.ts", ":", "-np", "3", "b.ts").count, 5);
  t.same(brief("a.ts", "-n", "4"), ["auto a.ts -n 4"]);
  const [first, second] = options(
    "-x",
    "A=1",
    "-n",
    "1",
    "a.ts",
    ":",
    "-n",
    "1",
    "--wdir",
    "/",
    "b.ts",
  ).programs;
  t.same(
    [first.exports, first.directory, second.exports, second.directory],
    [["A=1"], resolve("."), [], "/"],
  );
});

void test("what belongs to the whole job stands before the first script", async (t) => {
  t.throws(() => options("-n", "1", "a.ts", ":", "-n", "1", "--tag-output", "b.ts"), {
    message: /unknown option --tag-output.*a program after the first has -n, -x, --wdir, -e and --exec/,
  });
  t.throws(() => options("-n", "1", "a.ts", ":", "b.ts"), {
    message: /b\.ts: say how many ranks of 2 programs/,
  });
  t.throws(() => options("-n", "1", "a.ts", ":"), { message: /no script given/ });
});

void test("--app reads programs from a file", async (t) => {
  const file = join(t.testdir(), "programs");
  writeFileSync(file, "# two\n\n-n 2 a.ts 'one word'\n-n 1 -x B=2 b.ts\n");
  t.same(brief("--tag", "--app", file), ["2 a.ts one word", "1 b.ts"]);
  t.throws(() => options("--app", file, "c.ts"), { message: /--app .* names the programs; leave c\.ts out/ });
  t.throws(() => options("--app", "/no/file"), { message: /--app \/no\/file: cannot be read/ });
  writeFileSync(file, "# none\n");
  t.throws(() => options("--app", file), { message: /names no program/ });
});

void test("options about places, under the names that other launchers give them", async (t) => {
  const of = (...argv: string[]) => options(...argv, "a.ts").placement;
  t.match(of("-N", "2"), { map: { by: "slot", per: { count: 2, level: "node" } } });
  for (const name of ["--ppn=2", "--npernode=2", "--ntasks-per-node=2"]) t.match(of(name), of("-N", "2"));
  t.match(of("--map-by", "node", "--cpus-per-rank", "4"), { map: { by: "node", cpusPerRank: 4 } });
  t.match(of("--cpu-set", "0-1,4"), { bind: { cpuList: [[0, 1], [4]] } });
  t.same(of("--display", "map,alloc", "--report-bindings").display, ["alloc", "map", "bind"]);
  t.same(of("--dry-run").display, ["map"]);
  t.match(of("--exclude", "a", "--exclude", "b,c", "--nolocal"), { exclude: ["a", "b,c"], nolocal: true });
});

void test("options that contradict each other, and unknown values, are errors", async (t) => {
  const cases: readonly (readonly [argv: string, message: RegExp])[] = [
    ["-N 2 --map-by ppr:1:node", /both say how many ranks/],
    ["--map-by slot:pe=2 --cpus-per-rank 3", /differ; keep one/],
    ["--ppn 0", /--ppn 0: not a positive integer/],
    ["--display maps", /--display maps: not known; did you mean map\?/],
    ["--rm torque", /--rm torque: not known; choose auto, none, slurm, pbs, lsf or sge/],
    ["--bind-too core", /unknown option --bind-too; did you mean --bind-to\?/],
  ];
  for (const [argv, message] of cases)
    t.throws(() => options(...argv.split(" "), "a.ts"), { message, exitCode: 2 }, argv);
});

void test("a program is a script, code, a command, or a script with flags of node", async (t) => {
  const of = (...argv: string[]) => options(...argv).programs[0];
  t.match(of("a.ts", "-e"), { script: resolve("a.ts"), foreign: false, flags: [], args: ["-e"] });
  t.match(of("-e", "f()", "a", "--b"), { code: "f()", args: ["a", "--b"] });
  t.match(of("--exec", "./run", "-n"), { script: resolve("run"), foreign: true, args: ["-n"] });
  t.match(of("--exec", "env", "a"), { script: "env", foreign: true, args: ["a"] });
  for (const end of [[], ["--"]])
    t.match(of(...end, "node", "--expose-gc", "-r", "./x.cjs", "--title=t", "a.ts", "--b"), {
      flags: ["--expose-gc", "-r", "./x.cjs", "--title=t"],
      ...{ script: resolve("a.ts"), args: ["--b"], foreign: false },
    });
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [["--exec", "-e", "f()", "a"], /--exec and -e: keep one of them/],
    [["--exec"], /--exec: no program given/],
    [["node", "--expose-gc"], /no script given/],
    [["node", "-e", "f()"], /write tsmpirun -e CODE, without node/],
  ];
  for (const [argv, message] of wrong) t.throws(() => options(...argv), { message, exitCode: 2 });
});
