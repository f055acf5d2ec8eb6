// Bundles dist/src into one script, dist/library/HASH.cjs, that every rank loads, and describes it in
// dist/library/library.json; see launcher/library.ts. Does nothing if they are newer than all of dist/src.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "dist/src");
const output = join(root, "dist/library");
/** What programs import; auto.js has a top-level await, which a script cannot have: programs get it as it is. */
const ENTRIES = ["index.js", "compat.js"];

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
  const modules = await reachable();
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
    banner: { js: "(function (exports, require, module, url, lateImport) {" },
    footer: { js: "})" },
    plugins: [lateInPlace],
    logLevel: "error",
  });
  // What is still imported are packages in their places; a script cannot import.
  const contents = outputFiles[0].text.replaceAll('import("', 'lateImport("');
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  const described = { hash, exports: Object.fromEntries(await Promise.all(modules.map(exportsOf))) };
  await rm(output, { recursive: true, force: true });
  await mkdir(output);
  await writeFile(join(output, `${hash}.cjs`), contents);
  const unfinished = join(output, "library.json.new"); // renamed into place: a reader never sees half a file
  await writeFile(unfinished, JSON.stringify(described));
  await rename(unfinished, join(output, "library.json"));
  console.log(`library: ${contents.length} bytes in ${Math.round(performance.now() - started)} ms`);
}

/** The modules of ENTRIES, and all that they import. */
async function reachable() {
  const { metafile } = await build({
    entryPoints: ENTRIES.map((name) => join(source, name)),
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
