import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bundle, withCompiler } from "./bundle.js";
import { launcherProcess } from "./launcher-process.js";
import type { Source } from "./programs.js";
import { inPrivateFolder, leavePrivateFolder, privateFolder } from "./session.js";
import { root, version } from "./version.js";
import { hasCode } from "../src/thrown.js";

/** A program that ranks of a host share: an ES module with its source map. */
export interface SharedProgram {
  /** A copy of this process's own, so that it is there for as long as it is needed. */
  readonly path: string;
  /** Removes it, that of the others if it is still there, and the folder of this user's jobs if nothing else is in it. */
  readonly remove: () => void;
}

/**
 * Bundles a program for the ranks of this host that the same mpirun has started, once: one of them does it, the others
 * wait for the file. A rank that comes when others have ended and removed it does it again. Local; the caller removes it.
 *
 * @throws {LaunchError} If the program does not compile.
 */
export async function shareProgram({ script, code }: Source): Promise<SharedProgram> {
  const job = launcherProcess() ?? `${process.pid}`;
  const key = createHash("sha256")
    .update([script, code ?? "", root, version, job].join("\0"))
    .digest("hex")
    .slice(0, 24);
  const folder = inPrivateFolder(sweptFolder);
  const path = join(folder, `${PREFIX}${key}.mjs`);
  const lock = join(folder, `${PREFIX}${key}.lock`);
  const own = join(folder, `${PREFIX}${key}.${process.pid}.mjs`);
  const remove = (): void => {
    for (const file of [own, path]) rmSync(file, { force: true });
    leavePrivateFolder();
  };
  for (;;) {
    if (copied(path, own)) return { path: own, remove };
    if (take(lock)) break;
    const locked = ageMs(lock) ?? 0;
    if (locked > LOCK_MS) rmSync(lock, { force: true }); // who took it was killed
    await delay(POLL_MS);
  }
  try {
    writeFileSync(own, inlined(await withCompiler(() => bundle(script, code))), { mode: 0o600 });
    const next = `${path}.${process.pid}`; // renamed into place: a reader never sees half a file
    copyFileSync(own, next);
    renameSync(next, path);
    return { path: own, remove };
  } finally {
    rmSync(lock, { force: true });
  }
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

/** Whether there was something to copy. */
function copied(path: string, own: string): boolean {
  try {
    copyFileSync(path, own);
    return true;
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return false;
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT"))
      privateFolder(); // another job has ended, and has removed it
    else if (!hasCode(error, "EEXIST")) throw error;
    return false;
  }
}

function ageMs(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && Date.now() - stat.mtimeMs;
}

/** The folder of this user's jobs, without programs of jobs that were killed. */
function sweptFolder(): string {
  const folder = privateFolder();
  for (const name of readdirSync(folder).filter((other) => other.startsWith(PREFIX))) {
    const path = join(folder, name);
    if ((ageMs(path) ?? 0) > STALE_MS) rmSync(path, { force: true });
  }
  return folder;
}
