import { readFileSync } from "node:fs";
import { requireNative } from "../../native.js";

type Koffi = typeof import("koffi");

/** The few calls of the C library that Node has none of its own for. */
export interface Posix {
  /** Maps a descriptor's memory, shared with every process that maps it. */
  map(fd: number, bytes: number): ArrayBuffer;
  /** Makes a pipe with a name. @throws {Error} If there is something of that name, or no folder for it. */
  makeFifo(path: string): void;
  /** Gives up the core to whoever else can run. */
  yieldCore(): void;
  /** Sleeping and waking between processes; only Linux has it. */
  readonly futex: Futex | undefined;
  /** The memory of other processes; only Linux has it, unless a container forbids it. */
  readonly peerMemory: PeerMemory | undefined;
}

/** Copies between this process and others of the same user, without a stop on the way. @see process_vm_readv(2) */
export interface PeerMemory {
  /** Where these bytes are, in this process. */
  addressOf(bytes: Uint8Array): number;
  /** @throws {Error} If the other process has gone, or does not let itself be read. */
  read(pid: number, address: number, into: Uint8Array): void;
  write(pid: number, address: number, from: Uint8Array): void;
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
  const yieldCore = libc.func("void sched_yield()") as () => void;
  const mkfifo = libc.func("int mkfifo(const char *path, uint32_t mode)") as (
    path: string,
    mode: number,
  ) => number;
  return {
    makeFifo(path) {
      if (mkfifo(path, 0o600) !== 0)
        throw new Error(`shm: mkfifo ${path} failed with errno ${koffi.errno()}`);
    },
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
    peerMemory: process.platform === "linux" ? loadPeerMemory(koffi, libc) : undefined,
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

function loadPeerMemory(koffi: Koffi, libc: ReturnType<Koffi["load"]>): PeerMemory | undefined {
  // Yama: 1 allows it to those whom a process names, 2 and 3 to nobody.
  const scope = ptraceScope();
  if (scope > 1) return undefined;
  const prctl = libc.func("int prctl(int option, long argument)") as (
    option: number,
    argument: number,
  ) => number;
  if (scope === 1) prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  const addressOf = libc.func("uint64_t memcpy(void *to, void *from, size_t bytes)") as (
    to: Uint8Array,
    from: Uint8Array,
    bytes: 0,
  ) => number;
  type Move = (pid: number, local: Uint32Array, one: 1, remote: Uint32Array, alsoOne: 1, flags: 0) => number;
  const parameters = "(int pid, void *local, ulong localCount, void *remote, ulong remoteCount, ulong flags)";
  const readv = libc.func(`int64_t process_vm_readv${parameters}`) as Move;
  const writev = libc.func(`int64_t process_vm_writev${parameters}`) as Move;
  const [local, remote] = [new Uint32Array(4), new Uint32Array(4)]; // struct iovec: address, length
  const move = (how: Move, pid: number, address: number, memory: Uint8Array): void => {
    const start = addressOf(memory, memory, 0);
    for (let moved = 0; moved < memory.byteLength;) {
      const bytes = Math.min(memory.byteLength - moved, MOVE_BYTES);
      put(local, start + moved, bytes);
      put(remote, address + moved, bytes);
      const count = how(pid, local, 1, remote, 1, 0);
      if (count <= 0)
        throw new Error(`shm: memory of process ${pid} cannot be reached (errno ${koffi.errno()})`);
      moved += count;
    }
  };
  const memory: PeerMemory = {
    addressOf: (bytes) => addressOf(bytes, bytes, 0),
    read: (pid, address, into) => move(readv, pid, address, into),
    write: (pid, address, from) => move(writev, pid, address, from),
  };
  try {
    const [from, to] = [Uint8Array.of(1), Uint8Array.of(0)];
    memory.read(process.pid, memory.addressOf(from), to);
    return memory;
  } catch {
    return undefined;
  }
}

/** Fills a struct iovec. */
function put(iovec: Uint32Array, address: number, bytes: number): void {
  iovec[0] = address % 2 ** 32;
  iovec[1] = Math.floor(address / 2 ** 32);
  iovec[2] = bytes;
}

function ptraceScope(): number {
  try {
    return Number(readFileSync("/proc/sys/kernel/yama/ptrace_scope", "utf8"));
  } catch {
    return 0; // a kernel without Yama
  }
}

const PR_SET_PTRACER = 0x59616d61;
const PR_SET_PTRACER_ANY = -1;
/** The kernel moves at most 2³¹ bytes at a time. */
const MOVE_BYTES = 2 ** 30;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const MAP_FAILED = 2n ** 64n - 1n;
