import { closeSync, ftruncateSync, openSync } from "node:fs";
import { requireNative } from "../../native.js";

/** Memory that several ranks of one host see. */
export interface SharedMemory {
  readonly buffer: ArrayBufferLike;
  /** Lets go of it: arrays that still view it become private zeros. */
  release(): void;
}

/** What a rank has made for others to map, until it closes the door. */
export interface Shareable {
  readonly memory: SharedMemory;
  /** Where others find it: see {@link mapShared}. */
  readonly place: readonly number[];
  closeDoor(): void;
}

/**
 * Makes zeroed memory without a name: a memfd, which other processes of this user open as a descriptor of this one in
 * /proc. When the door is closed only mappings are left, and with the last process that has one it is gone. Local.
 *
 * @throws {Error} If this is not Linux, or memory is short.
 */
export function makeShared(bytes: number): Shareable {
  const { create } = system();
  const fd = create("tsmpi", MFD_CLOEXEC);
  if (fd < 0) throw new Error(`allocateShared: memfd_create failed with errno ${errno()}`);
  try {
    ftruncateSync(fd, bytes);
    return { memory: map(fd, bytes), place: [process.pid, fd], closeDoor: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Maps what another process of this host has made. Local. */
export function mapShared([pid, fd]: Float64Array, bytes: number): SharedMemory {
  let own: number;
  try {
    own = openSync(`/proc/${pid}/fd/${fd}`, "r+");
  } catch (cause) {
    throw new Error(
      `allocateShared: cannot open the memory of process ${pid}; do all ranks of the host run as one user, in one container?`,
      { cause },
    );
  }
  try {
    return map(own, bytes);
  } finally {
    closeSync(own);
  }
}

/** Memory of virtual ranks, which are one process: handed on through a table, by number, until the door is closed. */
const table = new Map<number, SharedArrayBuffer>();
let latest = 0;

export function makeInProcess(bytes: number): Shareable {
  const place = ++latest;
  const buffer = new SharedArrayBuffer(bytes);
  table.set(place, buffer);
  return { memory: { buffer, release: nothing }, place: [place], closeDoor: () => table.delete(place) };
}

export function takeInProcess([place]: Float64Array): SharedMemory {
  const buffer = table.get(place);
  if (buffer === undefined)
    throw new Error(`allocateShared: there is no memory number ${place} in this process`);
  return { buffer, release: nothing };
}

const nothing = (): void => undefined;

type Koffi = typeof import("koffi");

interface System {
  readonly create: (name: string, flags: number) => number;
  readonly mmap: (...args: unknown[]) => unknown;
  readonly munmap: (address: unknown, bytes: number) => number;
}

let loaded: System | undefined;

function system(): System {
  if (process.platform !== "linux")
    throw new Error(`allocateShared: needs Linux, this is ${process.platform}; use createWindow there`);
  if (loaded !== undefined) return loaded;
  const libc = requireNative<Koffi>("koffi").load(null);
  return (loaded = {
    create: libc.func("int memfd_create(const char *name, unsigned int flags)") as System["create"],
    mmap: libc.func("void *mmap(void *address, size_t length, int prot, int flags, int fd, int64_t offset)"),
    munmap: libc.func("int munmap(void *address, size_t length)") as System["munmap"],
  });
}

/** An array that views a mapping may live on, so its addresses are given back only when the garbage collector has it. */
const unmapper = new FinalizationRegistry<() => void>((unmap) => unmap());

function map(fd: number, bytes: number): SharedMemory {
  const { mmap, munmap } = system();
  const koffi = requireNative<Koffi>("koffi");
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (koffi.address(address) === MAP_FAILED)
    throw new Error(
      `allocateShared: mmap of ${bytes} bytes failed with errno ${errno()}; is there enough memory?`,
    );
  const buffer = koffi.view(address, bytes);
  unmapper.register(buffer, () => void munmap(address, bytes));
  const release = (): void =>
    void mmap(address, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return { buffer, release };
}

function errno(): number {
  return requireNative<Koffi>("koffi").errno();
}

const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 2n ** 64n - 1n;
