import type { OpName } from "../../types.js";
import type { Meetings, NativeCollectives, NativeGroup, NativeOperation } from "../transport.js";
import type { HandleName } from "./abi.js";
import type { Bulk } from "./bulk.js";
import type { MpiJob } from "./job.js";
import type { Address, Handle } from "./library.js";

/** Less than this on a rank moves as fast by messages, which also compare what ranks call. */
const MIN_BYTES = 32 * 1024;
/** An MPI counts elements in an int. */
const MAX_COUNT = 2 ** 31 - 1;

const TYPES = new Map<unknown, HandleName>([
  [Int8Array, "INT8_T"],
  [Uint8Array, "UINT8_T"],
  [Uint8ClampedArray, "UINT8_T"],
  [Int16Array, "INT16_T"],
  [Uint16Array, "UINT16_T"],
  [Int32Array, "INT32_T"],
  [Uint32Array, "UINT32_T"],
  [BigInt64Array, "INT64_T"],
  [BigUint64Array, "UINT64_T"],
  [Float32Array, "FLOAT"],
  [Float64Array, "DOUBLE"],
]);

const OPERATIONS = new Map<OpName, HandleName>([
  ["sum", "SUM"],
  ["prod", "PROD"],
  ["min", "MIN"],
  ["max", "MAX"],
  ["band", "BAND"],
  ["bor", "BOR"],
  ["bxor", "BXOR"],
]);

/** Tag of messages in which MPI makes a communicator. */
const JOIN_TAG = 0;

/**
 * MPI's own nonblocking collectives, for ranks that do not all share memory, on a communicator of MPI's for each of
 * tsmpi's that has called one. What MPI does not do as tsmpi promises stays with tsmpi: minima and maxima in which NaN
 * wins, and sums of clamped bytes.
 *
 * MPI recommends, but does not demand, that all ranks get the same bits from an allreduce and that runs repeat them;
 * Open MPI and MPICH do both, as long as ranks are placed alike. @see MPI 4.0, 6.9.1 and 6.9.6, advice to implementors
 */
export class MpiCollectives implements NativeCollectives {
  readonly meetings: Meetings = { undecided: 0, open: 0 };
  readonly world: NativeGroup;
  readonly #job: MpiJob;
  readonly #bulk: Bulk;
  readonly #shareMemory: (ranks: readonly number[]) => boolean;

  constructor(job: MpiJob, bulk: Bulk, shareMemory: (ranks: readonly number[]) => boolean) {
    this.#job = job;
    this.#bulk = bulk;
    this.#shareMemory = shareMemory;
    this.world = new MpiGroup(job, bulk, job.rank, job.collectives);
  }

  spans(ranks: readonly number[]): boolean {
    return !this.#shareMemory(ranks);
  }

  takes(operation: NativeOperation): boolean {
    const { x } = operation;
    // Between the blocks of a buffer there may be gaps, on some ranks.
    const length = "counts" in operation ? operation.counts.reduce((a, b) => a + b, 0) : x.length;
    if (length * x.BYTES_PER_ELEMENT < MIN_BYTES || length > MAX_COUNT || !TYPES.has(x.constructor))
      return false;
    if (!("op" in operation)) return true;
    const { op } = operation;
    const isFloat = x instanceof Float32Array || x instanceof Float64Array;
    return isFloat ? op === "sum" || op === "prod" : OPERATIONS.has(op) && !(x instanceof Uint8ClampedArray);
  }

  join(ranks: readonly number[]): NativeGroup {
    const { mpi, collectives } = this.#job;
    const { calls } = mpi;
    const { address, memory } = mpi.allocate(24);
    const words = new Int32Array(memory, 0, 6);
    const [all, part, made] = [address, address + 8, address + 16];
    const list = Int32Array.from(ranks);
    mpi.check(calls.commGroup(collectives, all), "MPI_Comm_group");
    const group = mpi.readHandle(words, 0);
    mpi.check(calls.groupIncl(group, list.length, mpi.addressOf(list), part), "MPI_Group_incl");
    const code = calls.commCreateGroup(collectives, mpi.readHandle(words, 2), JOIN_TAG, made);
    mpi.check(code, "MPI_Comm_create_group");
    for (const done of [all, part]) mpi.check(calls.groupFree(done), "MPI_Group_free");
    return new MpiGroup(this.#job, this.#bulk, ranks.indexOf(this.#job.rank), mpi.readHandle(words, 4), made);
  }
}

/** Where a collective has its counts and displacements, if it has any. */
type Arrays = readonly [counts: Address, displs: Address];

class MpiGroup implements NativeGroup {
  readonly #job: MpiJob;
  readonly #bulk: Bulk;
  readonly #rank: number;
  readonly #comm: Handle;
  /** Where the handle is, if the communicator was made for this. */
  readonly #place: Address | undefined;
  /** Collectives under way. */
  #active = 0;
  #isFreed = false;

  constructor(job: MpiJob, bulk: Bulk, rank: number, comm: Handle, place?: Address) {
    this.#job = job;
    this.#bulk = bulk;
    this.#rank = rank;
    this.#comm = comm;
    this.#place = place;
  }

  start(operation: NativeOperation, done: () => void): () => void {
    const counts = "counts" in operation ? Int32Array.from(operation.counts) : NONE;
    const displs = "displs" in operation ? Int32Array.from(operation.displs, representable) : NONE;
    const { mpi } = this.#job;
    const arrays: Arrays = [mpi.addressOf(counts), mpi.addressOf(displs)];
    const begin = (request: Address): number => this.#begin(operation, arrays, request);
    const abandon = this.#bulk.start(`MPI's ${operation.name}`, [operation, counts, displs], begin, () => {
      this.#active--;
      if (this.#isFreed) this.free();
      done();
    });
    this.#active++;
    return abandon;
  }

  /** Open MPI does not let go of a communicator on which something is under way. */
  free(): void {
    const { mpi } = this.#job;
    this.#isFreed = true;
    if (this.#place === undefined || this.#active > 0 || this.#bulk.isClosed) return;
    mpi.check(mpi.calls.commFree(this.#place), "MPI_Comm_free");
  }

  #begin(operation: NativeOperation, [counts, displs]: Arrays, request: Address): number {
    const { mpi } = this.#job;
    const { calls, abi } = mpi;
    const comm = this.#comm;
    const { length } = operation.x;
    const x = mpi.addressOf(operation.x);
    const type = mpi.handle(nameIn(TYPES, operation.x.constructor));
    switch (operation.name) {
      case "bcast":
        return calls.ibcast(x, length, type, operation.root, comm, request);
      case "allgather":
        return calls.iallgatherv(abi.IN_PLACE, 0, type, x, counts, displs, type, comm, request);
      case "alltoall": {
        const { into, count } = operation;
        return calls.ialltoall(x, count, type, mpi.addressOf(into), count, type, comm, request);
      }
    }
    const op = mpi.handle(nameIn(OPERATIONS, operation.op));
    switch (operation.name) {
      case "allreduce":
        return calls.iallreduce(abi.IN_PLACE, x, length, type, op, comm, request);
      case "scan":
        return calls.iscan(abi.IN_PLACE, x, length, type, op, comm, request);
      case "exscan":
        return calls.iexscan(abi.IN_PLACE, x, length, type, op, comm, request);
      case "reduceScatter":
        return calls.ireduceScatter(x, mpi.addressOf(operation.into), counts, type, op, comm, request);
      case "reduce": {
        const { root } = operation;
        const [from, into] = this.#rank === root ? [abi.IN_PLACE, x] : [x, 0];
        return calls.ireduce(from, into, length, type, op, root, comm, request);
      }
    }
  }
}

const NONE = new Int32Array(0);

function nameIn<K>(table: ReadonlyMap<K, HandleName>, key: K): HandleName {
  const name = table.get(key);
  if (name === undefined) throw new TypeError(`mpi: no handle for ${String(key)}`);
  return name;
}

/** A displacement as MPI takes it. */
function representable(displacement: number): number {
  if (displacement <= MAX_COUNT) return displacement;
  throw new RangeError(`mpi: a block at element ${displacement} is beyond what MPI counts, ${MAX_COUNT}`);
}
