import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "esbuild";
import { isCurrent } from "./is-current.js";
import { root } from "./version.js";

/** tsmpi as scripts, which ranks load instead of finding it in each program; written by scripts/build-library.mjs. */
interface Library {
  /** Names the build: ranks load the scripts of the same one. */
  readonly hash: string;
  /** Of each module, by its path in dist/src: where each of its exports comes from, and its name there. */
  readonly exports: Readonly<
    Record<string, Readonly<Record<string, readonly [module: string, name: string]>>>
  >;
}

/** The compiled sources of tsmpi. */
export const ownFiles = join(root, "dist/src/");
const loaderFolder = join(root, "dist/launcher/");
const FILE = join(root, "dist/library/library.json");

/**
 * `tsmpi` means the one that came with this tsmpirun, wherever the program lies: what a program imports of it is taken from
 * the library that each rank loads. Without a library that is up to date, tsmpi is bundled like anything else.
 */
export function ownTsmpi(): Plugin {
  const library = readLibrary();
  const moduleOf = (path: string): string | undefined => {
    const module = path.startsWith(ownFiles) ? path.slice(ownFiles.length) : "";
    return library !== undefined && module in library.exports ? module : undefined;
  };
  const take = (path: string) => {
    const module = moduleOf(path);
    return module === undefined ? undefined : { path: module, namespace: NAMESPACE, sideEffects: false };
  };
  return {
    name: "own-tsmpi",
    setup(build) {
      build.onResolve({ filter: /^tsmpi(\/(auto|compat))?$/ }, ({ path }) => {
        const file = join(ownFiles, `${path.slice("tsmpi/".length) || "index"}.js`);
        return take(file) ?? { path: file };
      });
      if (library === undefined) return;
      build.onResolve({ filter: /^[./]/ }, ({ path, resolveDir, importer }) => {
        // What loads the library does not come from it.
        const isBefore = importer.startsWith(loaderFolder) || moduleOf(importer) !== undefined;
        return isBefore ? undefined : take(resolve(resolveDir, path));
      });
      build.onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
        contents: standIn(library, path),
        resolveDir: root,
      }));
    },
  };
}

const NAMESPACE = "tsmpi";

/** A module with the exports of one of the library. What a program does not use of it is left out by the bundler. */
function standIn({ hash, exports }: Library, module: string): string {
  const values = Object.keys(exports[module]).map((name, i) => {
    const [from, own] = origin(exports, module, name);
    const value = `/* @__PURE__ */ take(${JSON.stringify(from)}, ${JSON.stringify(own)})`;
    return `const v${i} = ${value}; export { v${i} as ${name} };`;
  });
  return [
    `import { libraryOf } from ${JSON.stringify(join(loaderFolder, "load-library.js"))};`,
    `const take = /* @__PURE__ */ libraryOf(${JSON.stringify(hash)});`,
    ...values,
  ].join("\n");
}

/** A module that only passes a name on need not be run for it. */
function origin(exports: Library["exports"], module: string, name: string): readonly [string, string] {
  const [from, own] = exports[module][name];
  return from === module || !(from in exports) ? [module, name] : origin(exports, from, own);
}

/** `undefined`: there is none, or it is older than what it was made of. */
function readLibrary(): Library | undefined {
  return isCurrent(FILE, ownFiles, root) ? parse(readFileSync(FILE, "utf8")) : undefined;
}

const parse: (json: string) => Library = JSON.parse;
