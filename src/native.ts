import { createRequire } from "node:module";
import { join } from "node:path";
import { env } from "./env.js";
import { messageOf } from "./thrown.js";

const resolver = createRequire(env.root ? join(env.root, "package.json") : import.meta.url);

/**
 * Loads a package with native code (koffi, zeromq) on first use. Local.
 *
 * A program that tsmpirun has bundled runs from a session folder without a node_modules of its own, so
 * native packages are resolved from the installation of tsmpi instead of from the importing file.
 *
 * @throws {Error} If the package is not installed or has no prebuilt binary for this platform.
 */
export function requireNative<T>(name: "koffi" | "zeromq"): T {
  try {
    return resolver((name === "koffi" && env.koffi) || name) as T;
  } catch (cause) {
    const why = messageOf(cause).split("\n")[0];
    throw new Error(
      `tsmpi: cannot load ${name} on ${process.platform}-${process.arch} (${why}); reinstall tsmpi there`,
      { cause },
    );
  }
}

/**
 * The binary of koffi that this process has loaded; `undefined` if it has not. Another node of this host that is told it
 * (`TSMPI_KOFFI`) need not look for it again, which takes six times as long as to load it. Local.
 */
export function koffiBinary(): string | undefined {
  return Object.keys(resolver.cache).find((path) => path.endsWith("koffi.node"));
}

/** Path of a file inside an installed package, such as a font or a wasm module. Local. */
export function packageFile(specifier: string): string {
  try {
    return resolver.resolve(specifier);
  } catch (cause) {
    throw new Error(`tsmpi: cannot find ${specifier}; reinstall tsmpi there`, { cause });
  }
}
