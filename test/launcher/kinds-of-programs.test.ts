import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { program, type RunOptions, tsmpirun } from "./tsmpirun.js";

const lines = (text: string): string[] => text.trim().split("\n").sort();
const run = (args: readonly string[], options?: RunOptions) =>
  tsmpirun(["--timeout", "100", ...args], options);
const hosts = ["--launcher", "fork", "--host", "a:2,b:2"];
const library = fileURLToPath(new URL("../../src/index.js", import.meta.url));

void test("kinds of programs", { jobs: 3, timeout: 300_000 }, async (t) => {
  void t.test("the code of -e is TypeScript, and imports as a file of this folder would", async (t) => {
    const folder = t.testdir({ "part.ts": "export const part: string = 'a part';" });
    const code = `
      import { init } from "tsmpi";
      import { part } from "./part.ts";
      const world = await init();
      const sum: number = await world.allreduce(world.rank);
      console.log(part, sum, process.argv.slice(1).join());`;
    for (const where of [[], hosts]) {
      const { stdout, stderr, code: exit, left } = await run(["-n", "4", ...where, "-e", code, "x", "-y"], { cwd: folder }); // prettier-ignore
      t.same({ exit, stderr, left }, { exit: 0, stderr: "", left: [] });
      t.same(
        lines(stdout),
        Array.from({ length: 4 }, () => "a part 6 x,-y"),
      );
    }
    const wrong = await run(["-n", "2", "-e", "const x: = 1"], { cwd: folder });
    t.equal(wrong.code, 1);
    t.match(wrong.stderr, /-e\.ts:1:9/);
    const thrown = await run(["-n", "1", "-e", "\nthrow new Error('so it ends');"], { cwd: folder });
    t.equal(thrown.code, 1);
    t.match(thrown.stderr, /so it ends[^]*-e\.ts:2/);
  });

  void t.test("a module is one in a package of type commonjs, too, whatever it imports", async (t) => {
    const folder = t.testdir({
      "package.json": '{ "type": "commonjs" }', // as by npm init
      "auto.ts":
        'import { world } from "tsmpi/auto";\nimport { name } from "./part";\nconsole.log(name, world.size);',
      "part.ts": 'import { world as same } from "tsmpi/auto";\nexport const name = `part of ${same.size}`;',
      "old.js": 'const { size } = { size: "old" }; module.exports = size; console.log(size);',
    });
    const { stdout, stderr } = await run(["-n", "2", "auto.ts"], { cwd: folder });
    t.same(lines(stdout), ["part of 2 2", "part of 2 2"], stderr);
    t.equal((await run(["-n", "1", "old.js"], { cwd: folder })).stdout, "old\n");
  });

  void t.test("a rank that there is not ends the command at once, whichever option names it", async (t) => {
    for (const option of ["--inspect=9", "--print-ranks=0,9"]) {
      const { code, stderr } = await run([option, "-n", "2", "-e", "console.log(1)"]);
      t.equal(code, 2, option);
      t.match(stderr, /there is no rank 9; the job has ranks 0 to 1/);
    }
  });

  void t.test("a name that is no file is what a package of that name has to import", async (t) => {
    const main = "import { init } from 'tsmpi'; console.log('main of', (await init()).size);";
    const folder = t.testdir({
      node_modules: {
        "some-package": {
          "package.json": JSON.stringify({
            ...{ name: "some-package", type: "module" },
            exports: { ".": { import: "./main.js" }, "./other": "./other.ts" },
          }),
          "main.js": main,
          "other.ts": main.replace("main", "other"),
        },
      },
    });
    const { stdout, code } = await run(["-n", "2", "some-package"], { cwd: folder });
    t.same({ code, stdout }, { code: 0, stdout: "main of 2\nmain of 2\n" });
    t.equal((await run(["-n", "1", "some-package/other"], { cwd: folder })).stdout, "other of 1\n");
    for (const name of ["some-package/none", "other-package"]) {
      const { code, stderr } = await run([name], { cwd: folder });
      t.equal(code, 127);
      t.match(stderr, /cannot find .*; give the path of a script/);
    }
  });

  void t.test("flags of node are those of the ranks' node", async (t) => {
    const code = "console.log(typeof globalThis.gc, process.argv.slice(2).join())";
    const folder = t.testdir({ "a.mjs": code });
    const { stdout } = await run(["-n", "2", "--", "node", "--expose-gc", "a.mjs", "--x"], { cwd: folder });
    t.equal(stdout, "function --x\nfunction --x\n");
  });

  void t.test("any program can be run as ranks, on any hosts, and nobody waits for it to join", async (t) => {
    for (const where of [[], hosts]) {
      const text = 'echo "$TSMPI_RANK of $TSMPI_SIZE, $LOCAL_RANK: $1"';
      const { stdout, stderr, code, left } = await run(["-n", "4", ...where, "--exec", "sh", "-c", text, "-", "x y"]); // prettier-ignore
      t.same({ code, stderr, left }, { code: 0, stderr: "", left: [] });
      const local = (rank: number) => (where.length === 0 ? rank : rank % 2);
      t.same(lines(stdout), [0, 1, 2, 3].map((rank) => `${rank} of 4, ${local(rank)}: x y`)); // prettier-ignore
    }
  });

  void t.test("its exit codes, signals and standard input are as those of any rank", async (t) => {
    const sh = (text: string, options?: RunOptions) => run(["-n", "3", "--exec", "sh", "-c", text], options);
    const exit = await sh("test $TSMPI_RANK != 1 || exit 7; sleep 60 & wait");
    t.match(exit, { code: 7, stderr: /rank 1 .*7/, left: [] });
    const killed = await sh("test $TSMPI_RANK != 2 || kill -9 $$; sleep 60");
    t.match(killed, { code: 137, stderr: /rank 2 .*SIGKILL/, left: [] });
    t.match(await sh("cat", { input: "all of it" }), { code: 0, stdout: "all of it" });
  });

  void t.test("what cannot be run ends the job with 127, or 126", async (t) => {
    const folder = t.testdir();
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "plain"), "no program");
    chmodSync(join(folder, "plain"), 0o644);
    const absent = await run(["-n", "2", "--exec", "no-such-program"]);
    t.match(absent, { code: 127, stderr: /cannot run no-such-program: no such program/, left: [] });
    const plain = await run(["-n", "2", "--exec", "./plain"], { cwd: folder });
    t.match(plain, { code: 126, stderr: /cannot run .*\/plain: .*EACCES/, left: [] });
    const inspected = await run(["--inspect", "--exec", "true"]);
    t.match(inspected, { code: 2, stderr: /--exec: inspectors and profiles are those of node/ });
  });

  void t.test("a program behind a wrapper joins, beside scripts", async (t) => {
    const folder = t.testdir({
      "direct.mjs": `import { init } from ${JSON.stringify(library)};
        const world = await init();
        console.log("wrapped", await world.allreduce(world.rank));`,
    });
    const wrapped = ["--exec", "env", "WRAPPED=1", process.execPath, join(folder, "direct.mjs")];
    const { stdout, stderr, code } = await run(["-n", "2", ...wrapped, ":", "-n", "1", "-e",
      `import { init } from "tsmpi"; console.log("script", await (await init()).allreduce(2));`]); // prettier-ignore
    t.same({ code, stderr }, { code: 0, stderr: "" });
    t.same(lines(stdout), ["script 3", "wrapped 3", "wrapped 3"]);
    const never = await run(["-n", "1", "--exec", "true", ":", "-n", "1", program("meet.ts"), "1"]);
    t.equal(never.code, 1);
    t.match(never.stderr, /rank 0 .* without init\(\), for which rank 1 waits/);
  });
});
