import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "tap";

const execute = promisify(execFile);
const run = (command: string, args: readonly string[]) =>
  execute(command, args, { cwd: root, maxBuffer: 1 << 26 });
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What somebody writes who has installed the package, with types that only hold if its own do. */
const PROGRAM = `
import { writeFile } from "node:fs/promises";
import { cgls, type CglsOptions, Diagonal, DistributedArray, Distribution, init } from "tsmpi";
import { MPI } from "tsmpi/compat";
import { world as same } from "tsmpi/auto";

const world = await init();
const space: Distribution = new Distribution(world, [6]);
const weights = DistributedArray.fromFunction(space, (i) => 1 + i);
const options: CglsOptions<DistributedArray> = { maxIterations: 10 };
const { model } = await cgls(new Diagonal(weights), weights, options);
const norm: number = await model.norm(1);
if (world.rank === 0) await writeFile(process.argv[2], String(Math.round(norm)) + " " + String(same.size));
// @ts-expect-error: a rank is a number
export const send = () => world.send(1, "0");
export const any: number = MPI.ANY_SOURCE;
`;

const CONFIGURATION = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: "es2023",
    module: "nodenext",
    types: ["node"],
  },
  files: ["program.ts"],
};

test(
  "what npm packs is all that its users need: types, operators, launcher",
  { timeout: 300_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "tsmpi-test-package-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const modules = join(folder, "node_modules");
    await mkdir(join(modules, "tsmpi"), { recursive: true });

    const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder]);
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    await run("tar", ["-xf", join(folder, filename), "-C", join(modules, "tsmpi"), "--strip-components=1"]);
    const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(root, "node_modules", name), join(modules, name));
    }
    await writeFile(join(folder, "program.ts"), PROGRAM);
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(CONFIGURATION));

    await t.resolves(
      run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]),
      "its types",
    );
    const launcher = join(modules, "tsmpi/dist/launcher/cli.js");
    await run(process.execPath, [launcher, "-n", "2", join(folder, "program.ts"), join(folder, "out")]);
    t.equal(await readFile(join(folder, "out"), "utf8"), "6 2");
  },
);
