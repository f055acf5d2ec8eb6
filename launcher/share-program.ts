import { createHash } from "node:crypto";
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bundle, withCompiler } from "./bundle.js";
import { launcherProcess } from "./launcher-process.js";
import type { Source } from "./programs.js";
import { leavePrivateFolder, privateFolder } from "./session.js";
import { root, version } from "./version.js";

/**
 * Bundles a program for the ranks of this host that the same mpirun has started, once: one of them does it, the others
 * wait for the file. Local; the caller removes it, see {@link removeProgram}.
 *
 * @returns The path of an ES module with its source map.
 * @throws {LaunchError} If the program does not compile.
 */
export async function shareProgram({ script, code }: Source): Promise<string> {
  const job = launcherProcess() ?? `${process.pid}`;
  const key = createHash("sha256")
    .update([script, code ?? "", root, version, job].join("\0"))
    .digest("hex")
    .slice(0, 24);
  const folder = privateFolder();
  sweep(folder);
  const path = join(folder, `${PREFIX}${key}.mjs`);
  const lock = join(folder, `${PREFIX}${key}.lock`);
  for (;;) {
    if (ageMs(path) !== undefined) return path;
    if (take(lock)) break;
    const locked = ageMs(lock) ?? 0;
    if (locked > LOCK_MS) rmSync(lock, { force: true }); // who took it was killed
    await delay(POLL_MS);
  }
  try {
    const own = `${path}.${process.pid}`; // renamed into place: a reader never sees half a file
    writeFileSync(own, inlined(await withCompiler(() => bundle(script, code))), { mode: 0o600 });
    renameSync(own, path);
    return path;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Removes a program, and the folder of this user's jobs if nothing else is in it. Local. */
export function removeProgram(path: string): void {
  rmSync(path, { force: true });
  leavePrivateFolder();
}

const PREFIX = "program-";
const LOCK_MS = 20_000;
const POLL_MS = 5;
/** Programs of jobs that were killed. */
const STALE_MS = 600_000;

/** The module with its source map inside: it may be removed as soon as it has been loaded. */
function inlined({ code, sourceMap }: { code: Uint8Array; sourceMap: Uint8Array }): Buffer {
  const text = Buffer.from(code).toString("latin1");
  const start = text.lastIndexOf("//# sourceMappingURL=");
  const url = `data:application/json;base64,${Buffer.from(sourceMap).toString("base64")}`;
  return Buffer.concat([
    code.subarray(0, start < 0 ? code.length : start),
    Buffer.from(`\n//# sourceMappingURL=${url}\n`),
  ]);
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, "", { flag: "wx" });
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT")
      privateFolder(); // another job has ended, and has removed it
    else if (code !== "EEXIST") throw error;
    return false;
  }
}

function ageMs(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && Date.now() - stat.mtimeMs;
}

function sweep(folder: string): void {
  for (const name of readdirSync(folder).filter((other) => other.startsWith(PREFIX))) {
    const path = join(folder, name);
    if ((ageMs(path) ?? 0) > STALE_MS) rmSync(path, { force: true });
  }
}
