import { hostname } from "node:os";
import { env } from "../../../env.js";
import { adoptDescriptor } from "./adopt.js";
import { candidates, howToInstall, launchedSize } from "./find.js";
import { type Handle, loadMpi, type Mpi } from "./library.js";

/** The job of a real MPI that this process is a rank of. */
export interface MpiJob {
  readonly mpi: Mpi;
  readonly rank: number;
  readonly size: number;
  /** Where tsmpi's messages travel; nobody else uses it. */
  readonly comm: Handle;
  /** Where MPI's own collectives of the world run. */
  readonly collectives: Handle;
  /** The ranks that share this host's memory. */
  readonly node: Handle;
  /** Host of each world rank, counted from 0. */
  readonly hosts: readonly number[];
  readonly host: string;
  readonly localRank: number;
  readonly localSize: number;
}

/**
 * Joins the job of the real MPI that has started this process: finds its library and initializes it. Collective.
 *
 * UCX, below MPICH, would install hooks for memory events, and try them out by moving the program break up and back
 * while V8's threads allocate: what they have got in between is gone, and the process crashes, about once in a hundred
 * starts. It is told not to, unless UCX_MEM_EVENTS is set. It then keeps no cache of registered memory, which costs
 * large messages over InfiniBand some bandwidth.
 *
 * @throws {Error} If there is no library, or none that belongs to the launcher: with what to install or to write.
 */
export function joinMpiJob(): MpiJob {
  // The number of this process's own descriptor may differ, and the library reads it from the environment.
  if (env.mpi.pmiFd !== undefined) process.env["PMI_FD"] = String(adoptDescriptor(env.mpi.pmiFd));
  if (env.mpi.openMpiSize === undefined) process.env["UCX_MEM_EVENTS"] ??= "no";
  return start(loadMpi(candidates(env.mpi), howToInstall()));
}

function start(mpi: Mpi): MpiJob {
  const { calls, abi } = mpi;
  const { address, memory } = mpi.allocate(64);
  const words = new Int32Array(memory, 0, 2);
  const read = (code: number, call: string): number => {
    mpi.check(code, call);
    return words[0];
  };
  const handle = (code: number, call: string): Handle => {
    mpi.check(code, call);
    return mpi.readHandle(words, 0);
  };
  const world = mpi.handle("COMM_WORLD");
  mpi.check(calls.initThread(0, 0, abi.THREAD_FUNNELED, address), "MPI_Init_thread");
  mpi.check(calls.setErrhandler(world, mpi.handle("ERRORS_RETURN")), "MPI_Comm_set_errhandler");
  const rank = read(calls.rank(world, address), "MPI_Comm_rank");
  const size = read(calls.size(world, address), "MPI_Comm_size");
  const launched = launchedSize(env.mpi);
  if (launched !== undefined && size !== launched) {
    throw new Error(
      `mpi: ${mpi.path} (${abi.name}) found ${size} rank${size === 1 ? "" : "s"}, but the launcher has started ${launched}: ` +
        "they belong to different MPIs; use the mpirun of this library, or name another by TSMPI_MPI_LIBRARY",
    );
  }
  const comm = handle(calls.dup(world, address), "MPI_Comm_dup");
  const collectives = handle(calls.dup(world, address), "MPI_Comm_dup");
  const split = calls.splitType(world, abi.COMM_TYPE_SHARED, rank, mpi.handle("INFO_NULL"), address);
  const node = handle(split, "MPI_Comm_split_type");
  const localRank = read(calls.rank(node, address), "MPI_Comm_rank");
  const localSize = read(calls.size(node, address), "MPI_Comm_size");
  const [leader] = gatherInts(mpi, node, rank, localSize); // local ranks are in the order of world ranks
  return {
    mpi,
    rank,
    size,
    comm,
    collectives,
    node,
    hosts: numberHosts(gatherInts(mpi, world, leader, size)),
    host: hostname(),
    localRank,
    localSize,
  };
}

/** One number of each rank of a communicator. Collective. */
export function gatherInts(mpi: Mpi, comm: Handle, value: number, size: number): Int32Array {
  const { address, memory } = mpi.allocate(4 * (1 + size));
  const words = new Int32Array(memory, 0, 1 + size);
  const int = mpi.handle("INT32_T");
  words[0] = value;
  mpi.check(mpi.calls.allgather(address, 1, int, address + 4, 1, int, comm), "MPI_Allgather");
  return words.slice(1);
}

/** Numbers hosts in the order of their first ranks. */
function numberHosts(leaderOf: Int32Array): number[] {
  const numbers = new Map<number, number>();
  return Array.from(leaderOf, (leader) => {
    const number = numbers.get(leader) ?? numbers.size;
    numbers.set(leader, number);
    return number;
  });
}
