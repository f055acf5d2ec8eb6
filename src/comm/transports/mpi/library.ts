import { requireNative } from "../../../native.js";
import { type Abi, type HandleName, mpich, openMpi } from "./abi.js";
import { messageOf } from "../../../thrown.js";

type Koffi = typeof import("koffi");

/** Addresses and handles are plain numbers: addresses of a process have less than 53 bits. */
export type Address = number;
export type Handle = number;
type Code = number;

/** Memory outside V8: it has an address for good, so that MPI may read and write it between two calls. */
export interface Pinned {
  readonly address: Address;
  readonly memory: ArrayBuffer;
}

/** An MPI library: the calls that tsmpi makes, with addresses for pointers, and the values of its constants. */
export interface Mpi {
  readonly abi: Abi;
  readonly path: string;
  handle(name: HandleName): Handle;
  allocate(bytes: number): Pinned;
  /** Where an array has its elements. They stay there as long as the array lives. */
  addressOf(array: NodeJS.ArrayBufferView): Address;
  /** Lets other processes of this core run. */
  yieldCore(): void;
  /** Reads a handle that MPI has written. */
  readHandle(words: Int32Array, at: number): Handle;
  writeHandle(words: Int32Array, at: number, handle: Handle): void;
  /** @throws {Error} With MPI's own text, if `code` is not MPI_SUCCESS. */
  check(code: Code, call: string): void;
  readonly calls: Calls;
}

/** Buffers are given by address; see {@link Mpi.addressOf}. */
export interface Calls {
  initThread(argc: Address, argv: Address, required: number, provided: Address): Code;
  finalize(): Code;
  abort(comm: Handle, code: number): Code;
  errorString(code: number, text: Address, length: Address): Code;
  setErrhandler(comm: Handle, handler: Handle): Code;
  rank(comm: Handle, rank: Address): Code;
  size(comm: Handle, size: Address): Code;
  dup(comm: Handle, copy: Address): Code;
  splitType(comm: Handle, type: number, key: number, info: Handle, copy: Address): Code;
  isend(
    from: Address,
    count: number,
    type: Handle,
    dest: number,
    tag: number,
    comm: Handle,
    request: Address,
  ): Code;
  irecv(
    into: Address,
    count: number,
    type: Handle,
    source: number,
    tag: number,
    comm: Handle,
    request: Address,
  ): Code;
  recvInit(
    into: Address,
    count: number,
    type: Handle,
    source: number,
    tag: number,
    comm: Handle,
    request: Address,
  ): Code;
  start(request: Address): Code;
  test(request: Address, flag: Address, status: Address): Code;
  cancel(request: Address): Code;
  wait(request: Address, status: Address): Code;
  requestFree(request: Address): Code;
  ibarrier(comm: Handle, request: Address): Code;
  allgather(
    from: Address,
    count: number,
    type: Handle,
    into: Address,
    countEach: number,
    typeEach: Handle,
    comm: Handle,
  ): Code;
  ibcast(buffer: Address, count: number, type: Handle, root: number, comm: Handle, request: Address): Code;
  iallgatherv(
    from: Address,
    count: number,
    type: Handle,
    into: Address,
    counts: Address,
    displs: Address,
    typeEach: Handle,
    comm: Handle,
    request: Address,
  ): Code;
  ialltoall(
    from: Address,
    count: number,
    type: Handle,
    into: Address,
    countEach: number,
    typeEach: Handle,
    comm: Handle,
    request: Address,
  ): Code;
  ireduce(
    from: Address,
    into: Address,
    count: number,
    type: Handle,
    op: Handle,
    root: number,
    comm: Handle,
    request: Address,
  ): Code;
  ireduceScatter(
    from: Address,
    into: Address,
    counts: Address,
    type: Handle,
    op: Handle,
    comm: Handle,
    request: Address,
  ): Code;
  iallreduce: Reduction;
  iscan: Reduction;
  iexscan: Reduction;
  commGroup(comm: Handle, group: Address): Code;
  groupIncl(group: Handle, count: number, ranks: Address, part: Address): Code;
  groupFree(group: Address): Code;
  commCreateGroup(comm: Handle, group: Handle, tag: number, made: Address): Code;
  commFree(comm: Address): Code;
}

/** Reductions whose result is as long as what goes in. */
type Reduction = (
  from: Address,
  into: Address,
  count: number,
  type: Handle,
  op: Handle,
  comm: Handle,
  request: Address,
) => Code;

/** Parameters of each call: `h` handle, `i` int, `a` address. */
const SIGNATURES: Readonly<Record<keyof Calls, readonly [name: string, parameters: string]>> = {
  initThread: ["MPI_Init_thread", "aaia"],
  finalize: ["MPI_Finalize", ""],
  abort: ["MPI_Abort", "hi"],
  errorString: ["MPI_Error_string", "iaa"],
  setErrhandler: ["MPI_Comm_set_errhandler", "hh"],
  rank: ["MPI_Comm_rank", "ha"],
  size: ["MPI_Comm_size", "ha"],
  dup: ["MPI_Comm_dup", "ha"],
  splitType: ["MPI_Comm_split_type", "hiiha"],
  isend: ["MPI_Isend", "aihiiha"],
  irecv: ["MPI_Irecv", "aihiiha"],
  recvInit: ["MPI_Recv_init", "aihiiha"],
  start: ["MPI_Start", "a"],
  test: ["MPI_Test", "aaa"],
  cancel: ["MPI_Cancel", "a"],
  wait: ["MPI_Wait", "aa"],
  requestFree: ["MPI_Request_free", "a"],
  ibarrier: ["MPI_Ibarrier", "ha"],
  allgather: ["MPI_Allgather", "aihaihh"],
  ibcast: ["MPI_Ibcast", "aihiha"],
  iallgatherv: ["MPI_Iallgatherv", "aihaaahha"],
  ialltoall: ["MPI_Ialltoall", "aihaihha"],
  ireduce: ["MPI_Ireduce", "aaihhiha"],
  ireduceScatter: ["MPI_Ireduce_scatter", "aaahhha"],
  iallreduce: ["MPI_Iallreduce", "aaihhha"],
  iscan: ["MPI_Iscan", "aaihhha"],
  iexscan: ["MPI_Iexscan", "aaihhha"],
  commGroup: ["MPI_Comm_group", "ha"],
  groupIncl: ["MPI_Group_incl", "hiaa"],
  groupFree: ["MPI_Group_free", "a"],
  commCreateGroup: ["MPI_Comm_create_group", "hhia"],
  commFree: ["MPI_Comm_free", "a"],
};

/**
 * Loads the first of these libraries that is there. Local; MPI is not initialized yet.
 *
 * @throws {Error} If none can be loaded, with the reason for each.
 */
export function loadMpi(paths: readonly string[], howToInstall: string): Mpi {
  const koffi = requireNative<Koffi>("koffi");
  const reasons: string[] = [];
  for (const path of paths) {
    try {
      // Plugins of Open MPI look for its symbols among the global ones.
      return bind(koffi, koffi.load(path, { global: true }), path);
    } catch (error) {
      reasons.push(`  ${path}: ${messageOf(error)}`);
    }
  }
  throw new Error(
    `mpi: found no MPI library; ${howToInstall}, or name one by TSMPI_MPI_LIBRARY. Tried:\n${reasons.join("\n")}`,
  );
}

function bind(koffi: Koffi, library: ReturnType<Koffi["load"]>, path: string): Mpi {
  const abi = isOpenMpi(library) ? openMpi : mpich;
  const types: Readonly<Record<string, string>> = { h: abi.handle, i: "int", a: "intptr_t" };
  const calls = Object.fromEntries(
    Object.entries(SIGNATURES).map(([key, [name, parameters]]) => [
      key,
      library.func(
        name,
        "int",
        [...parameters].map((letter) => types[letter]),
      ),
    ]),
  ) as unknown as Calls;
  const libc = koffi.load(null);
  const sched = libc.func("void sched_yield()") as () => void;
  const copyNothing = libc.func("intptr_t memcpy(void *to, void *from, size_t bytes)") as (
    to: NodeJS.ArrayBufferView,
    from: NodeJS.ArrayBufferView,
    bytes: 0,
  ) => Address;
  const handles = new Map<HandleName, Handle>();
  const allocate = (bytes: number): Pinned => {
    const pointer: unknown = koffi.alloc("uint8_t", bytes + ALIGNMENT);
    const memory = koffi.view(pointer, bytes + ALIGNMENT);
    const start = Number(koffi.address(pointer));
    const skip = (ALIGNMENT - (start % ALIGNMENT)) % ALIGNMENT;
    if (skip === 0) return { address: start, memory };
    return { address: start + skip, memory: koffi.view(BigInt(start + skip), bytes) };
  };
  const text = allocate(TEXT_BYTES);
  return {
    abi,
    path,
    calls,
    allocate,
    addressOf: (array) => copyNothing(array, array, 0),
    yieldCore: sched,
    handle(name) {
      const known = handles.get(name);
      if (known !== undefined) return known;
      const value = abi.handles[name];
      const handle = typeof value === "number" ? value : Number(koffi.address(library.symbol(value)));
      handles.set(name, handle);
      return handle;
    },
    readHandle: (words, at) =>
      abi.handleBytes === 4 ? words[at] : (words[at] >>> 0) + words[at + 1] * 2 ** 32,
    writeHandle(words, at, handle) {
      words[at] = handle | 0;
      if (abi.handleBytes === 8) words[at + 1] = Math.floor(handle / 2 ** 32);
    },
    check(code, call) {
      if (code === 0) return;
      const length = new Int32Array(text.memory, TEXT_BYTES - 8, 1);
      calls.errorString(code, text.address, text.address + TEXT_BYTES - 8);
      const reason = Buffer.from(text.memory, 0, length[0]).toString();
      throw new Error(`mpi: ${call} of ${abi.name} failed: ${reason}`);
    },
  };
}

const ALIGNMENT = 64;
const TEXT_BYTES = 1024;

/** Open MPI's handles are addresses of symbols that no other library has. */
function isOpenMpi(library: ReturnType<Koffi["load"]>): boolean {
  try {
    library.symbol("ompi_mpi_comm_world");
    return true;
  } catch {
    return false;
  }
}
