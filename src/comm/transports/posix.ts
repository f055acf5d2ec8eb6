import { requireNative } from "../../native.js";

type Koffi = typeof import("koffi");

/** The few calls of the C library that Node has none of its own for. */
export interface Posix {
  /** Maps a descriptor's memory, shared with every process that maps it. */
  map(fd: number, bytes: number): ArrayBuffer;
  /** Gives up the core to whoever else can run. */
  yieldCore(): void;
}

let loaded: Posix | undefined;

/** @throws {Error} If koffi has no build for this platform. */
export function posix(): Posix {
  return (loaded ??= load());
}

function load(): Posix {
  const koffi = requireNative<Koffi>("koffi");
  const libc = koffi.load(null);
  const mmap = libc.func(
    "void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)",
  );
  const yieldCore = libc.func("int sched_yield()") as () => number;
  return {
    map(fd, bytes) {
      const address: unknown = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
      if (koffi.address(address) === MAP_FAILED) {
        throw new Error(
          `shm: mmap of ${bytes} bytes failed with errno ${koffi.errno()}; is there enough memory?`,
        );
      }
      return koffi.view(address, bytes);
    },
    yieldCore,
  };
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;
