// Bundles dist/src into two scripts: HASH.core.cjs, which every rank loads, HASH.rest.cjs, with what not every program
// needs. Describes them in library.json; see launcher/library.ts. Those of the build before stay, for jobs that are about to
// start. Does nothing if they are newer than all of dist/src.
import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { replaceFile } from "./replace-file.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "dist/src");
const output = join(root, "dist/library");
/** What programs import; auto.js has a top-level await, which a script cannot have: programs get it as it is. */
const ENTRIES = ["index.js", "compat.js"];
/** What every program needs. */
const CORE = ["comm/world.js"];
/** Within this time all ranks of a job have loaded the library. */
const STARTING_MS = 600_000;

/** Packages that are imported late stay where they are; those with native code are never imported otherwise. */
const lateInPlace = {
  name: "late-in-place",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

const files = await readdir(source, { recursive: true });
const inputs = [...files.map((name) => join(source, name)), fileURLToPath(import.meta.url)];
const newest = Math.max(...(await Promise.all(inputs.map(modified))));
if (newest >= (await modified(join(output, "library.json")))) await buildLibrary();

async function buildLibrary() {
  const started = performance.now();
  const core = await reachable(CORE);
  const rest = (await reachable(ENTRIES)).filter((name) => !core.includes(name));
  const exports = Object.fromEntries(await Promise.all([...core, ...rest].map(exportsOf)));
  const scripts = {
    core: await scriptOf(core, []),
    rest: await scriptOf(rest, [standIns(core, exports)]),
  };
  const hash = createHash("sha256").update(scripts.core).update(scripts.rest).digest("hex").slice(0, 16);
  for (const [name, text] of Object.entries(scripts))
    await replaceFile(join(output, `${hash}.${name}.cjs`), text);
  await replaceFile(join(output, "library.json"), JSON.stringify({ hash, exports }));
  await sweep(hash);
  const bytes = Object.values(scripts).map(({ length }) => length);
  console.log(`library: ${bytes.join(" + ")} bytes in ${Math.round(performance.now() - started)} ms`);
}

/** Removes earlier builds, but not those that jobs may have been bundled for that are about to start. */
async function sweep(hash) {
  for (const name of await readdir(output)) {
    const path = join(output, name);
    const isOld = Date.now() - (await modified(path)) > STARTING_MS;
    if (isOld && name !== "library.json" && !name.startsWith(hash)) await rm(path, { force: true });
  }
}

/** A script that makes these modules, each when it is asked for. */
async function scriptOf(modules, plugins) {
  const table = modules.map(
    (name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(`./${name}`)})`,
  );
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = {\n${table.join(",\n")}\n};`, resolveDir: source, loader: "js" },
    write: false,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    define: { "import.meta.url": "url" },
    // The parameters of the function as which ranks load it.
    banner: { js: "(function (exports, require, module, url, lateImport, core) {" },
    footer: { js: "})" },
    plugins: [lateInPlace, ...plugins],
    logLevel: "error",
  });
  // What is still imported are packages in their places; a script cannot import.
  return outputFiles[0].text.replaceAll('import("', 'lateImport("');
}

/** Modules of the first script as the second one finds them. */
function standIns(core, exports) {
  return {
    name: "stand-ins",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const name = relative(source, join(resolveDir, path));
        return core.includes(name) ? { path: name, namespace: "core" } : undefined;
      });
      build.onLoad({ filter: /./, namespace: "core" }, ({ path }) => {
        const names = Object.keys(exports[path]).map(
          (name, i) => `const v${i} = module.${name}; export { v${i} as ${name} };`,
        );
        return { contents: [`const module = core[${JSON.stringify(path)}]();`, ...names].join("\n") };
      });
    },
  };
}

/** Modules, and all that they import. */
async function reachable(entries) {
  const { metafile } = await build({
    entryPoints: entries.map((name) => join(source, name)),
    absWorkingDir: source,
    outdir: output,
    write: false,
    bundle: true,
    metafile: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "error",
  });
  return Object.keys(metafile.inputs).sort();
}

/** What a module exports, and which module each name comes from: one that only passes it on need not be run for it. */
async function exportsOf(name) {
  const path = join(source, name);
  const text = await readFile(path, "utf8");
  const passed = {};
  for (const [, names, from] of text.matchAll(/^export \{([^}]*)\} from "(\.[^"]+)";/gm))
    for (const [, own, other = own] of names.matchAll(/(\w+)(?: as (\w+))?/g))
      passed[other] = [relative(source, join(dirname(path), from)), own];
  const all = Object.keys(await import(pathToFileURL(path).href));
  return [name, Object.fromEntries(all.map((other) => [other, passed[other] ?? [name, other]]))];
}

/** Time of the last change in ms; 0 if there is no such file. */
async function modified(path) {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
