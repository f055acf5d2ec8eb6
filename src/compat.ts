/**
 * mpi4py's names, for programs and people that come from there: thin aliases over the API of tsmpi, which stays the
 * documented one. Lower-case methods take any value, capitals typed arrays, written in place; a buffer with counts is
 * `[array, counts, displs]`. What communicates in mpi4py is awaited here.
 *
 * ```ts
 * import { MPI } from "tsmpi/compat";
 * const comm = await MPI.Init(); // MPI.COMM_WORLD from then on
 * await comm.Allreduce(MPI.IN_PLACE, x, MPI.SUM);
 * ```
 *
 * @module
 */
import { computeDims } from "./comm/structure/dims.js";
import { ANY_SOURCE, ANY_TAG, PROC_NULL } from "./comm/types.js";
import { IN_PLACE, Op } from "./compat/buffers.js";
import { Cartcomm, Comm } from "./compat/comm.js";
import { Message, Prequest, Request, Status } from "./compat/request.js";
import { currentWorld, isInitialized, joinWorld } from "./compat/world.js";

export type { Reduction } from "./comm/types.js";
export type { Buffer } from "./compat/buffers.js";
export { Cartcomm, Comm, Message, Op, Prequest, Request, Status };

/** The module `MPI` of mpi4py. */
export const MPI = {
  /** Joins the job; MPI.COMM_WORLD is there afterwards. There is nothing to finalize. */
  async Init(): Promise<Comm> {
    return new Comm(await joinWorld());
  },
  Is_initialized: isInitialized,
  /** Nothing: what is under way when a program ends is delivered. */
  async Finalize(): Promise<void> {},
  Is_finalized: (): boolean => false,
  get COMM_WORLD(): Comm {
    return new Comm(currentWorld());
  },
  get COMM_SELF(): Comm {
    return new Comm(currentWorld().self);
  },
  /** Seconds since some moment in the past. */
  Wtime: (): number => performance.now() / 1000,
  Get_processor_name: (): string => currentWorld().host,
  /** As MPI_Dims_create; mpi4py's Compute_dims. */
  Compute_dims: computeDims,
  COMM_TYPE_SHARED: "shared",
  COMM_TYPE_HW_GUIDED: "guided",
  ERRORS_RETURN: "return",
  ERRORS_ARE_FATAL: "fatal",
  UNDEFINED: undefined,
  ANY_SOURCE,
  ANY_TAG,
  PROC_NULL,
  TAG_UB: "TAG_UB",
  UNIVERSE_SIZE: "UNIVERSE_SIZE",
  APPNUM: "APPNUM",
  IN_PLACE,
  SUM: "sum",
  PROD: "prod",
  MIN: "min",
  MAX: "max",
  LAND: "land",
  LOR: "lor",
  LXOR: "lxor",
  BAND: "band",
  BOR: "bor",
  BXOR: "bxor",
  MINLOC: "minloc",
  MAXLOC: "maxloc",
  Comm,
  Cartcomm,
  Request,
  Prequest,
  Status,
  Message,
  Op,
} as const;

export default MPI;
