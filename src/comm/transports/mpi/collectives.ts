import { bytesOf } from "../../envelope.js";
import type { OpName, TypedArray } from "../../types.js";
import type { NativeCollectives } from "../transport.js";
import type { HandleName } from "./abi.js";
import type { Bulk } from "./bulk.js";
import type { MpiJob } from "./job.js";

/** Shorter vectors are reduced as fast by messages, which also compare what ranks call. */
const MIN_BYTES = 32 * 1024;
/** An MPI counts elements in an int. */
const MAX_COUNT = 2 ** 31 - 1;

const TYPES = new Map<unknown, HandleName>([
  [Int8Array, "INT8_T"],
  [Uint8Array, "UINT8_T"],
  [Int16Array, "INT16_T"],
  [Uint16Array, "UINT16_T"],
  [Int32Array, "INT32_T"],
  [Uint32Array, "UINT32_T"],
  [BigInt64Array, "INT64_T"],
  [BigUint64Array, "UINT64_T"],
  [Float32Array, "FLOAT"],
  [Float64Array, "DOUBLE"],
]);

const OPERATIONS: Readonly<Partial<Record<OpName, HandleName>>> = {
  sum: "SUM",
  prod: "PROD",
  min: "MIN",
  max: "MAX",
  band: "BAND",
  bor: "BOR",
  bxor: "BXOR",
};

/**
 * Reductions by MPI_Iallreduce and MPI_Ireduce on all ranks of the world, if they do not all share memory. What MPI does not do as tsmpi promises stays
 * with tsmpi: minima and maxima in which NaN wins, and clamped bytes.
 *
 * MPI recommends, but does not demand, that all ranks get the same bits from an allreduce and that runs repeat them;
 * Open MPI and MPICH do both, as long as ranks are placed alike. @see MPI 4.0, 6.9.1 and 6.9.6, advice to implementors
 */
export class MpiCollectives implements NativeCollectives {
  readonly #job: MpiJob;
  readonly #bulk: Bulk;

  constructor(job: MpiJob, bulk: Bulk) {
    this.#job = job;
    this.#bulk = bulk;
  }

  takes(x: TypedArray, op: OpName): boolean {
    if (x.byteLength < MIN_BYTES || x.length > MAX_COUNT || !TYPES.has(x.constructor)) return false;
    const isFloat = x instanceof Float32Array || x instanceof Float64Array;
    return isFloat ? op === "sum" || op === "prod" : op in OPERATIONS;
  }

  allreduce(x: TypedArray, op: OpName, done: () => void): void {
    const { mpi, collectives } = this.#job;
    const bytes = bytesOf(x);
    const [type, operation] = this.#handles(x, op);
    const begin = (request: number): number =>
      mpi.calls.iallreduce(mpi.abi.IN_PLACE, bytes, x.length, type, operation, collectives, request);
    this.#bulk.start("MPI_Iallreduce", bytes, begin, done);
  }

  reduce(x: TypedArray, into: TypedArray, op: OpName, root: number, done: () => void): void {
    const { mpi, collectives } = this.#job;
    const [from, target] = [bytesOf(x), bytesOf(into)];
    const [type, operation] = this.#handles(x, op);
    const begin = (request: number): number =>
      mpi.calls.ireduce(from, target, x.length, type, operation, root, collectives, request);
    const keep = (): void => {
      if (from.byteLength === target.byteLength) done(); // both stay alive until now
    };
    this.#bulk.start("MPI_Ireduce", target, begin, keep);
  }

  #handles(x: TypedArray, op: OpName): readonly [type: number, operation: number] {
    const type = TYPES.get(x.constructor);
    const operation = OPERATIONS[op];
    if (type === undefined || operation === undefined)
      throw new TypeError(`mpi: no reduction "${op}" of ${x.constructor.name}`);
    return [this.#job.mpi.handle(type), this.#job.mpi.handle(operation)];
  }
}
