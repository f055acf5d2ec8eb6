#!/usr/bin/env node
/** The command `tsmpirun`: cli.ts in one module with all that it imports, unless a part of that has been compiled since. */
import { readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = new URL(".", import.meta.url);
const bundled = new URL("../tsmpirun/cli.js", own);

await import(isCurrent() ? bundled.href : new URL("cli.js", own).href);

/** What has been installed stays as it is; only where tsmpi is developed are there other files than those of the bundle. */
function isCurrent(): boolean {
  const builtMs = modifiedMs(bundled);
  if (builtMs === undefined || modifiedMs(new URL("../../tsconfig.json", own)) === undefined)
    return builtMs !== undefined;
  const files = readdirSync(fileURLToPath(own)).filter((name) => name.endsWith(".js"));
  return files.every((name) => (modifiedMs(new URL(name, own)) ?? 0) <= builtMs);
}

function modifiedMs(url: URL): number | undefined {
  return statSync(url, { throwIfNoEntry: false })?.mtimeMs;
}
