import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Loader, Plugin, PluginBuild } from "esbuild";
import { exitCodes, LaunchError, UsageError } from "./errors.js";
import { ownFiles, ownTsmpi } from "./library.js";
import { root } from "./version.js";

export interface Bundle {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
}

/** Extensions of programs that tsmpirun starts. */
const extensions = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"];

/**
 * Checks that a program can be there to run. Local.
 *
 * @throws {LaunchError} Code 127 if there is no such file, 126 if it is a folder or cannot be read; 2 if its name ends
 * in none of .ts .mts .cts .tsx .js .mjs .cjs .jsx.
 */
export function checkScript(path: string): void {
  if (!existsSync(path)) {
    throw new LaunchError(`cannot find ${path}; give the path of a script`, exitCodes.notFound);
  }
  if (!statSync(path).isFile()) {
    throw new LaunchError(`${path} is not a file; give the path of a script`, exitCodes.notRunnable);
  }
  if (!extensions.includes(extname(path))) {
    throw new UsageError(`${path}: scripts end in ${extensions.join(" ")}`);
  }
}

/**
 * Makes one ES module of a program and its imports, with a source map that leads back to the original files. Local; takes
 * tens of milliseconds.
 *
 * `tsmpi` is always the one that this tsmpirun belongs to; see library.ts. `import.meta.url`, `__filename` and `process.argv[1]` stay
 * those of the original files. Packages with native code are not bundled but loaded from where they are installed, and so
 * are those that tsmpi itself imports late.
 *
 * @param text - The program itself, if there is no such file: it is as if it lay there.
 * @throws {LaunchError} With file, line and column of each error; exit code 1.
 */
export async function bundle(script: string, text?: string): Promise<Bundle> {
  const { build, formatMessages } = await import("esbuild");
  try {
    const result = await build({
      ...(text === undefined ? { entryPoints: [script] } : { stdin: asFile(script, text) }),
      outfile: "program.mjs",
      write: false,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "linked",
      sourcesContent: false,
      sourceRoot: "/",
      absWorkingDir: "/",
      logLevel: "silent",
      banner: { js: prelude(script, text === undefined) },
      inject: [join(root, "dist/launcher/lead-group.js")],
      plugins: [ownTsmpi(), packagesInPlace, originalPlaces(script)],
    });
    const [map, code] = result.outputFiles.sort((a, b) => b.path.length - a.path.length);
    return { code: code.contents, sourceMap: map.contents };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const color = process.stderr.isTTY;
    const messages = await formatMessages(error.errors, { kind: "error", color });
    const text = messages.map((message) => message.trim()).join("\n\n");
    throw new LaunchError(`cannot compile ${script}\n\n${text}\n`, exitCodes.compile, { cause: error });
  }
}

/**
 * Bundles programs, and then ends the process that has compiled them: what a terminal sends to all, such as SIGQUIT, would
 * make it talk. Local.
 */
export async function withCompiler<T>(compile: () => Promise<T>): Promise<T> {
  try {
    return await compile();
  } finally {
    const { stop } = await import("esbuild");
    await stop();
  }
}

function asFile(sourcefile: string, contents: string) {
  return { contents, sourcefile, resolveDir: dirname(sourcefile), loader: "ts" as const };
}

/**
 * What runs in each rank before the program: CommonJS packages find a `require`, the program finds its own name, and
 * output is written in the call, so that process.exit() loses none of it.
 */
function prelude(script: string, isFile: boolean): string {
  return `import { createRequire as __createRequire } from "node:module";
globalThis.require ??= __createRequire(${JSON.stringify(pathToFileURL(script).href)});
${isFile ? `process.argv[1] = ${JSON.stringify(script)}` : "process.argv.splice(1, 1)"};
for (const name of ["stdout", "stderr"]) {
  const { get } = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get() {
    const stream = get.call(process);
    stream._handle?.setBlocking?.(true);
    Object.defineProperty(process, name, { configurable: true, enumerable: true, value: stream });
    return stream;
  } });
}`;
}

/**
 * Packages that are imported from where they are: those with native code, which find their binary next to their own files
 * only, and those that tsmpi imports when they are needed, which are large.
 */
const packagesInPlace: Plugin = {
  name: "packages-in-place",
  setup(build) {
    build.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...context }) => {
      if (pluginData === skip || path.startsWith("node:")) return undefined;
      const isLate = context.kind === "dynamic-import" && context.importer.startsWith(ownFiles);
      const folder = packageFolder(path, context.resolveDir);
      if (folder === undefined || !(isLate || hasNativeCode(folder))) return undefined;
      const resolved = await build.resolve(path, { ...context, pluginData: skip });
      return resolved.errors.length > 0 ? resolved : { path: resolved.path, external: true };
    });
  },
};

const skip = Symbol("resolve without this plugin");

/** Keeps `import.meta.url` and its kin pointing at the file in which they are written. */
function originalPlaces(script: string): Plugin {
  const main = existsSync(script) ? realpathSync(script) : script;
  return {
    name: "original-places",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, ({ path }) => keepPlace(build, path, path === main));
    },
  };
}

async function keepPlace(build: PluginBuild, path: string, isMain: boolean) {
  if (path.startsWith(ownFiles)) return undefined; // tsmpi finds its place by TSMPI_ROOT
  const written = await readFile(path, "utf8");
  const text = asModule(path, written);
  const loader = loaderOf(path);
  if (!/\bimport\.meta\b|\b__(file|dir)name\b|\brequire\.main\b/.test(text))
    return text === written ? undefined : { contents: text, loader, resolveDir: dirname(path) };
  const { code } = await build.esbuild.transform(text, {
    loader,
    sourcefile: path,
    sourcemap: "inline",
    target: "node20",
    define: {
      "import.meta.url": JSON.stringify(pathToFileURL(path).href),
      "import.meta.filename": JSON.stringify(path),
      "import.meta.dirname": JSON.stringify(dirname(path)),
      __filename: JSON.stringify(path),
      __dirname: JSON.stringify(dirname(path)),
      ...(isMain ? { "require.main": "module" } : {}),
    },
  });
  return { contents: code, loader: "js" as const, resolveDir: dirname(path) };
}

/**
 * A file that imports and exports nothing is a module, also in a package of type "commonjs", which `npm init` makes:
 * the bundler would make a function of it, in which nothing can be awaited, not even what it imports.
 */
function asModule(path: string, text: string): string {
  const imports = /^[ \t]*import\s*(?:["'{*]|type\s|[\w$]+\s*(?:,|from\b))/m.test(text);
  const isCommon = /\.c[jt]s$|\/node_modules\//.test(path) || /\brequire\s*\(|\bexports\b/.test(text);
  return imports && !isCommon ? `${text}\nexport {};\n` : text;
}

function loaderOf(path: string): Loader {
  const name = extname(path).slice(1).replace(/^[cm]/, "");
  return name === "ts" || name === "tsx" || name === "jsx" ? name : "js";
}

/** The folder of a package as seen from `from`, without resolving what it exports. */
function packageFolder(specifier: string, from: string): string | undefined {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0];
  if (name === undefined) return undefined;
  const places = createRequire(join(from, "noop.js")).resolve.paths(name) ?? [];
  return places.map((place) => join(place, name)).find((folder) => existsSync(join(folder, "package.json")));
}

function hasNativeCode(folder: string): boolean {
  const known = natives.get(folder);
  if (known !== undefined) return known;
  const text = readFileSync(join(folder, "package.json"), "utf8");
  const native =
    ["binding.gyp", "prebuilds", "build/Release"].some((name) => existsSync(join(folder, name))) ||
    /"(gypfile|binary|napi|koffi|cmake-ts|node-gyp-build|node-addon-api|prebuild-install)"\s*:/.test(text);
  natives.set(folder, native);
  return native;
}

const natives = new Map<string, boolean>();

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
