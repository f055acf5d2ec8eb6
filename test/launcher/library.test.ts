import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test, type Test } from "tap";
import { bundle } from "../../launcher/bundle.js";
import { libraryOf } from "../../launcher/load-library.js";
import { tsmpirun } from "./tsmpirun.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-library-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs code on so many ranks, with a cache of its own. */
async function runCode(code: string, ranks: number, cache: string) {
  const outcome = await tsmpirun(["-n", `${ranks}`, "--oversubscribe", "-e", code], {
    env: { XDG_CACHE_HOME: cache },
  });
  return { ...outcome, lines: outcome.stdout.trim().split("\n").sort() };
}

const SUM = `import { init } from "tsmpi";
const world = await init();
console.log(await world.allreduce(world.rank + 1));`;

void test("a bundle holds the program and names what it uses of tsmpi", async (t) => {
  const { code } = await bundle(join(root, "none.ts"), SUM);
  const text = Buffer.from(code).toString();
  t.match(text, /"comm\/world\.js", "init"/);
  t.notMatch(text, /DistributedArray/);
  t.ok(code.length < 50_000, `${code.length} bytes`);
});

void test("a job that starts during a build finds the library that it was bundled for", async (t) => {
  const place = temporaryFolder(t);
  const source = join(place, "dist/src");
  mkdirSync(join(source, "comm"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  cpSync(join(root, "scripts"), join(place, "scripts"), { recursive: true });
  const build = async (world: string): Promise<string> => {
    writeFileSync(join(source, "comm/world.js"), world);
    for (const entry of ["index.js", "compat.js"])
      writeFileSync(join(source, entry), 'export { value } from "./comm/world.js";\n');
    await promisify(execFile)(process.execPath, [join(place, "scripts/build-library.mjs")]);
    const parse: (json: string) => { hash: string } = JSON.parse;
    return parse(readFileSync(join(place, "dist/library/library.json"), "utf8")).hash;
  };
  const builds = [await build("export const value = 1;\n"), await build("export const value = 2;\n")];
  t.not(builds[0], builds[1]);
  const scripts = builds.flatMap((hash) => [`${hash}.core.cjs`, `${hash}.rest.cjs`]);
  t.same(readdirSync(join(place, "dist/library")).sort(), [...scripts, "library.json"].sort());
});

void test("compiled code is kept after the first job, and is as good as its text", async (t) => {
  const cache = temporaryFolder(t);
  const folder = join(cache, "tsmpi");
  for (let job = 0; job < 2; job++) {
    const { code, lines, stderr } = await runCode(SUM, 3, cache);
    t.same({ code, lines, stderr }, { code: 0, lines: ["6", "6", "6"], stderr: "" });
    const [kept, ...others] = readdirSync(folder);
    t.match(kept, /^code_/);
    t.same(others, []);
    t.equal(statSync(join(folder, kept)).mode & 0o777, 0o600);
  }
});

void test("code that is cut off, another's or not to be kept is done without", async (t) => {
  const cache = temporaryFolder(t);
  const sum = async (where = cache) => {
    const { code, lines, stderr } = await runCode(SUM, 2, where);
    t.same({ code, lines, stderr }, { code: 0, lines: ["3", "3"], stderr: "" });
  };
  await sum();
  const [name] = readdirSync(join(cache, "tsmpi"));
  const kept = join(cache, "tsmpi", name);
  const { size } = statSync(kept);
  truncateSync(kept, size / 2);
  await sum();
  t.ok(statSync(kept).size > size / 2, "it is written again");
  writeFileSync(kept, "no code at all");
  await sum();
  const file = join(cache, "file");
  writeFileSync(file, "");
  await sum(file); // no folder can be made there
});

void test("however a program imports tsmpi, it is the same", async (t) => {
  const deep = join(root, "dist/src/index.js");
  const program = `import * as all from "tsmpi";
import { init, Group, DistributedArray } from "tsmpi";
import { world } from "tsmpi/auto";
import { MPI } from "tsmpi/compat";
import { init as deep } from ${JSON.stringify(deep)};
const comm = await MPI.Init();
console.log(world === (await init()), (await deep()) === world, all.Group === Group, comm.Get_size(), typeof DistributedArray);`;
  const { code: exit, lines, stderr } = await runCode(program, 2, temporaryFolder(t));
  t.same({ exit, lines, stderr }, { exit: 0, lines: Array(2).fill("true true true 2 function"), stderr: "" });
});

void test("errors point to the program, not into the library", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "it fails.ts");
  const text = `import { init } from "tsmpi";
interface Thing { readonly a: number }
const world = await init();
const thing: Thing = { a: 1 };
await world.send(thing, { dest: 99 });`;
  writeFileSync(file, text);
  const { code, stderr } = await tsmpirun(["-n", "2", file], {
    cwd: folder,
    env: { XDG_CACHE_HOME: folder },
  });
  t.equal(code, 1);
  t.match(stderr, /\(it fails\.ts:5:\d+\)\n +5 \| await world\.send/);
  t.notMatch(stderr, /dist\/library/);
});

void test("packages that tsmpi imports late are found", async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "curve.png");
  const program = `import { init, plotCurve } from "tsmpi";
const world = await init();
if (world.rank === 0) await plotCurve(${JSON.stringify(file)}, { label: "cost", values: [3, 1, 2] });`;
  const { code, stderr } = await runCode(program, 1, folder);
  t.same({ code, stderr }, { code: 0, stderr: "" });
  t.equal(readFileSync(file).subarray(1, 4).toString(), "PNG");
});

void test("a host with another build of tsmpi says so", async (t) => {
  t.throws(() => libraryOf("0123456789abcdef"), /has no build 0123456789abcdef.core; install the same tsmpi/);
});

void test("the library is named by what is in it", async (t) => {
  const folder = join(root, "dist/library"); // a build before may be there, too
  const { hash } = parseLibrary(readFileSync(join(folder, "library.json"), "utf8"));
  const content = createHash("sha256");
  for (const part of ["core", "rest"]) content.update(readFileSync(join(folder, `${hash}.${part}.cjs`)));
  t.equal(hash, content.digest("hex").slice(0, 16));
});

const parseLibrary: (json: string) => { readonly hash: string } = JSON.parse;
