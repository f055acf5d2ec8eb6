import { requireNative } from "../../native.js";

type Koffi = typeof import("koffi");

/** The few calls of the C library that Node has none of its own for. */
export interface Posix {
  /** Maps a descriptor's memory, shared with every process that maps it. */
  map(fd: number, bytes: number): ArrayBuffer;
  /** Gives up the core to whoever else can run. */
  yieldCore(): void;
  /** Sleeping and waking between processes; only Linux has it. */
  readonly futex: Futex | undefined;
}

/** Sleep on a word of shared memory. @see Drepper, "Futexes Are Tricky", 2011 */
export interface Futex {
  /** Sleeps until woken, for at most a millisecond, and not at all unless the first word is `value`. */
  wait(word: Int32Array, value: number): void;
  /** Wakes who sleeps on the first word. */
  wake(word: Int32Array): void;
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
    futex: process.platform === "linux" ? loadFutex(libc) : undefined,
  };
}

function loadFutex(libc: ReturnType<Koffi["load"]>): Futex | undefined {
  const number = { x64: 202, arm64: 98 }[process.arch as string];
  if (number === undefined) return undefined;
  const syscall = libc.func(
    "long syscall(long number, int *word, int operation, int value, void *timeout, void *word2, int value3)",
  ) as (
    number: number,
    word: Int32Array,
    operation: number,
    value: number,
    timeout: BigInt64Array | null,
    ...rest: [null, 0]
  ) => number;
  const millisecond = BigInt64Array.of(0n, 1_000_000n); // struct timespec
  return {
    wait: (word, value) => void syscall(number, word, FUTEX_WAIT, value, millisecond, null, 0),
    wake: (word) => void syscall(number, word, FUTEX_WAKE, 1, null, null, 0),
  };
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const MAP_FAILED = 2n ** 64n - 1n;
