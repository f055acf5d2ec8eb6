import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { environment } from "./environment.js";
import { LaunchError } from "./errors.js";
import { type Janitor, startJanitor } from "./janitor.js";
import { makeFolder } from "./make-folder.js";
import { hasCode, messageOf } from "../src/thrown.js";

/** The folder of a job on this host. */
export interface Session {
  readonly folder: string;
  /** Process groups that end with this process, even if that is killed; replaces those named before. */
  readonly watch: Janitor["watch"];
  /** Removes the folder, and that of this user's jobs if it was the last. */
  remove(): void;
}

/** Names a job of this process; the name that a user has given it comes first. Local. */
export function newJobId(name = ""): string {
  return `${name && `${name}.`}${randomBytes(4).toString("hex")}.${process.pid}`;
}

/**
 * Makes the folder of a job on this host, `<runtime dir>/tsmpi-<uid>/<job>`, for a socket, or for the program and its source
 * map. Only this user can enter it. It does not outlive this process. Sweeps those of jobs that were killed together with
 * their janitors. Local.
 *
 * @throws {LaunchError} If the folder of this user's jobs belongs to someone else.
 */
export function openSession(jobId = newJobId()): Session {
  const folder = join(jobsFolder(), jobId);
  const { watch } = startJanitor(folder);
  inPrivateFolder(() => mkdirSync(folder, { mode: 0o700 }));
  sweep(dirname(folder));
  return { folder, watch, remove: () => remove(folder) };
}

/**
 * Makes the folder of this user's jobs on this host, `<runtime dir>/tsmpi-<uid>`, unless it is there. Local.
 *
 * @throws {LaunchError} If it belongs to someone else, or others can enter it.
 */
export function privateFolder(): string {
  const { uid } = userInfo();
  const folder = jobsFolder();
  try {
    makeFolder(folder, 0o700);
  } catch (error) {
    const reason = messageOf(error);
    throw new LaunchError(`no folder for jobs can be made (${reason}); set XDG_RUNTIME_DIR`);
  }
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new LaunchError(`${folder} is open to other users; remove it, or set XDG_RUNTIME_DIR`);
  }
  return folder;
}

/** Makes something in the folder of this user's jobs, which another job that ends may remove just before. Local. */
export function inPrivateFolder<T>(make: () => T): T {
  for (let attempt = 0; ; attempt++) {
    try {
      privateFolder();
      return make();
    } catch (error) {
      if (error instanceof LaunchError || attempt === 5) throw error;
    }
  }
}

/** Removes the folder of this user's jobs, unless something is in it. Local. */
export function leavePrivateFolder(): void {
  try {
    rmdirSync(jobsFolder());
  } catch {
    // other jobs run, or have removed it
  }
}

function jobsFolder(): string {
  return join(base(), `tsmpi-${userInfo().uid}`);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  leavePrivateFolder();
}

/** The path of an ipc socket may have about 100 characters; a long temporary folder would not fit. */
function base(): string {
  const candidates = [environment.runtimeFolder, tmpdir()];
  return candidates.find((path) => path !== undefined && path.length < 60) ?? "/tmp";
}

function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^[0-9a-f]{8}\.(\d+)$/.exec(name)?.[1]);
    const folder = join(parent, name);
    if (!(pid > 0) || alive(pid)) continue;
    try {
      const idleMs = Date.now() - lstatSync(folder).mtimeMs;
      if (idleMs > STALE_MS) rmSync(folder, { recursive: true, force: true });
    } catch {
      // its agent was faster
    }
  }
}

// A job in another pid namespace looks dead; its folder is not needed for long after its start.
const STALE_MS = 600_000;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
}
