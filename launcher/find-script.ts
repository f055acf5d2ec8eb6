import { existsSync } from "node:fs";
import { relative } from "node:path";
import { checkScript } from "./bundle.js";

/**
 * The file of a program: a path, or else the module that a package of this name has to import. Local.
 *
 * @param path - Absolute.
 * @throws {LaunchError} See {@link checkScript}.
 */
export async function findScript(path: string): Promise<string> {
  const file = existsSync(path) ? path : ((await entryOf(relative(process.cwd(), path))) ?? path);
  checkScript(file);
  return file;
}

/** What `import` of a specifier leads to from the working directory; `undefined` if to no file. */
async function entryOf(specifier: string): Promise<string | undefined> {
  if (!/^(@[^/]+\/)?[^./@]/.test(specifier)) return undefined;
  const { build } = await import("esbuild");
  let entry: string | undefined;
  await build({
    stdin: { contents: "" },
    write: false,
    platform: "node",
    logLevel: "silent",
    plugins: [
      {
        name: "find-script",
        setup: (build) =>
          build.onStart(async () => {
            const found = await build.resolve(specifier, {
              kind: "import-statement",
              resolveDir: process.cwd(),
            });
            if (found.errors.length === 0 && !found.external) entry = found.path;
          }),
      },
    ],
  });
  return entry;
}
