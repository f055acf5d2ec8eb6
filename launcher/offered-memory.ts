import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { HostMemory } from "./host-memory.js";
import { hasCode } from "../src/thrown.js";

/** What a process of this host offers to others of the same user: descriptors of its own. */
interface Offer {
  readonly pid: number;
  readonly segment: number;
  readonly bytes: number;
  readonly bells: HostMemory["bells"];
}

/** Tells processes of this user on this host, by a file, how to open this process's memory. Local. */
export function offerMemory({ segment, bytes, bells }: HostMemory, file: string): void {
  const offer: Offer = { pid: process.pid, segment, bytes, bells };
  const unfinished = `${file}.${process.pid}`; // renamed into place: a reader never sees half a file
  writeFileSync(unfinished, JSON.stringify(offer), { mode: 0o600, flag: "wx" });
  renameSync(unfinished, file);
}

/**
 * Opens the memory that another process offers, once it does. It has no name: the kernel leads to it through the
 * descriptors of that process. Local.
 *
 * @param appearing - What the other process writes, see {@link appearing}.
 * @throws {Error} If there is no offer within the time, or the system does not let this process use it.
 */
export async function takeMemory(appearing: Promise<string>): Promise<HostMemory> {
  const { pid, segment, bytes, bells } = parseOffer(await appearing);
  const { O_RDWR, O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const open = (fd: number, flags: number): number => openSync(`/proc/${pid}/fd/${fd}`, flags);
  const own = {
    segment: open(segment, O_RDWR),
    bytes,
    bells: bells.map(({ read, write }) => ({
      read: open(read, O_RDONLY | O_NONBLOCK),
      write: open(write, O_WRONLY | O_NONBLOCK),
    })),
  };
  const all = [own.segment, ...own.bells.flatMap(({ read, write }) => [read, write])];
  return { ...own, close: () => all.forEach((fd) => closeSync(fd)) };
}

/**
 * The content of a file that another process of this user will write. Local.
 *
 * @param check - Throws when there is no use in waiting.
 * @throws {Error} If it does not appear within the time, or if others can write or read it.
 */
export async function appearing(
  file: string,
  timeoutMs: number,
  check: () => void = () => undefined,
): Promise<string> {
  for (const end = performance.now() + timeoutMs; ;) {
    try {
      return readOwn(file);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
    check();
    if (performance.now() > end) throw new Error(`${file} has not appeared within ${timeoutMs / 1000} s`);
    await delay(POLL_MS);
  }
}

const POLL_MS = 10;

function readOwn(file: string): string {
  const fd = openSync(file, "r");
  try {
    const { uid, mode } = fstatSync(fd);
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
      throw new Error(`${file} is another user's, or open to others; name one in a folder of your own`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

const parseOffer: (json: string) => Offer = JSON.parse;
