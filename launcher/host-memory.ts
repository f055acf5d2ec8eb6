import { randomBytes } from "node:crypto";
import { closeSync, ftruncateSync } from "node:fs";
import { requireNative } from "../src/native.js";

/** What the ranks of one host share, as descriptors that they inherit. Nothing of it has a name that could stay behind. */
export interface HostMemory {
  /** Zeroed memory of `bytes`. */
  readonly segment: number;
  readonly bytes: number;
  /** One pipe for each local rank: it reads from `read`; whoever writes a byte to `write` wakes it. */
  readonly bells: readonly { readonly read: number; readonly write: number }[];
  /** Closes the agent's own copies, once all ranks have been started. */
  close(): void;
}

/**
 * Makes the shared segment and the doorbells of a host. Local.
 *
 * @throws {Error} If koffi does not load here, or the system refuses; `--transport zmq` works without.
 */
export function createHostMemory(localSize: number, bytes: number): HostMemory {
  const system = process.platform === "linux" ? linux() : posix();
  const segment = system.memory();
  ftruncateSync(segment, bytes);
  const bells = Array.from({ length: localSize }, () => {
    const [read, write] = system.pipe();
    return { read, write };
  });
  const all = [segment, ...bells.flatMap((bell) => [bell.read, bell.write])];
  return { segment, bytes, bells, close: () => all.forEach((fd) => closeSync(fd)) };
}

/** Descriptors that a started process gets only where it is meant to; pipes that never block. */
interface System {
  memory(): number;
  pipe(): readonly [read: number, write: number];
}

function linux(): System {
  const libc = load();
  const create: (name: string, flags: number) => number = libc.func(
    "int memfd_create(const char *name, unsigned int flags)",
  );
  const pipe2: (ends: Int32Array, flags: number) => number = libc.func("int pipe2(int *ends, int flags)");
  const MFD_CLOEXEC = 1;
  const O_NONBLOCK = 0o4000;
  const O_CLOEXEC = 0o2000000;
  return {
    memory: () => check("memfd_create", create("tsmpi", MFD_CLOEXEC)),
    pipe: () => {
      const ends = new Int32Array(2);
      check("pipe2", pipe2(ends, O_NONBLOCK | O_CLOEXEC));
      return [ends[0], ends[1]];
    },
  };
}

function posix(): System {
  const libc = load();
  const open: (name: string, flags: number, mode: number) => number = libc.func(
    "int shm_open(const char *name, int flags, uint32_t mode)",
  );
  const unlink: (name: string) => number = libc.func("int shm_unlink(const char *name)");
  const pipe: (ends: Int32Array) => number = libc.func("int pipe(int *ends)");
  const fcntl: (fd: number, command: number, type: "int", value: number) => number = libc.func(
    "int fcntl(int fd, int command, ...)",
  );
  const [O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK] = [2, 0x200, 0x800, 4]; // as on macOS
  const [F_SETFD, F_SETFL, FD_CLOEXEC] = [2, 4, 1];
  return {
    memory: () => {
      const name = `/tsmpi-${randomBytes(8).toString("hex")}`;
      const fd = check("shm_open", open(name, O_RDWR | O_CREAT | O_EXCL, 0o600));
      unlink(name);
      return fd;
    },
    pipe: () => {
      const ends = new Int32Array(2);
      check("pipe", pipe(ends));
      for (const end of ends) {
        check("fcntl", fcntl(end, F_SETFD, "int", FD_CLOEXEC));
        check("fcntl", fcntl(end, F_SETFL, "int", O_NONBLOCK));
      }
      return [ends[0], ends[1]];
    },
  };
}

function load() {
  return requireNative<typeof import("koffi")>("koffi").load(null);
}

function check(call: string, result: number): number {
  if (result >= 0) return result;
  const { errno } = requireNative<typeof import("koffi")>("koffi");
  throw new Error(`${call}: failed with errno ${errno()}; --transport zmq works without shared memory`);
}
