import type { Strided } from "../layout.js";
import type { PersistentCollective } from "../persistent-collective.js";
import type { CallOptions, Communicator, Counts, Into, RecvCounts, Request, TypedArray } from "../types.js";
import type { StridedInto } from "./collectives.js";

/**
 * A communicator whose ranks have neighbours, and exchange data with these alone. A rank may be a neighbour more than
 * once, and of itself; PROC_NULL is a neighbour beyond the edge: nothing comes from it, and its block stays as it is.
 */
export interface NeighborCommunicator extends Communicator {
  /** Ranks that send to this one. */
  readonly sources: readonly number[];
  /** Ranks that this one sends to. */
  readonly destinations: readonly number[];
  /**
   * Sends one value to every destination; resolves to one from every source, in their order. With `into`, blocks one
   * after the other, or as `counts` and `displs` say. Collective, yet messages pass between neighbours only.
   */
  neighborAllgather<A extends TypedArray>(value: A, options: CallOptions & Counts & Into<A>): Request<A>;
  neighborAllgather<T>(value: T, options?: CallOptions): Request<(T | undefined)[]>;
  /**
   * Sends value i to destination i; resolves to one value from every source, in their order. With `into`, block i of
   * `value`, as `counts` and `displs` cut it, goes to destination i; `recvCounts` and `recvDispls` cut `into`. Collective.
   */
  neighborAlltoall<A extends TypedArray>(
    value: A,
    options: CallOptions & Counts & RecvCounts & Into<A>,
  ): Request<A>;
  neighborAlltoall<T>(values: readonly T[], options?: CallOptions): Request<(T | undefined)[]>;
  /**
   * Piece i goes to destination i, what source i sends to piece i of `into`: columns, boxes, any layout, each in an array
   * of any type of its own. Collective. Pieces of sources whose count or type differs from what is expected reject on
   * the rank that expects something else.
   */
  neighborAlltoallw(pieces: readonly Strided[], options: StridedInto): Request<readonly Strided[]>;
  /** An exchange that is started again and again with the same buffers: a halo in a loop. Local; `start` is collective. */
  neighborAlltoallInit<A extends TypedArray>(
    value: A,
    options: CallOptions & Counts & RecvCounts & Into<A>,
  ): PersistentCollective<A>;
  /** Same ranks and neighbours, messages apart. */
  dup(): NeighborCommunicator;
}

export interface CartOptions extends CallOptions {
  /** Whether the last cell of an axis is a neighbour of the first; one for all or one each. Default false. */
  periods?: boolean | readonly boolean[];
  /** Whether ranks may change places so that neighbours are on one host. Default false: rank r is cell r. */
  reorder?: boolean;
}

/**
 * A communicator whose ranks are the cells of a Cartesian grid, in row-major order (slow axis first). Its neighbours
 * are, for each dimension, the one before, then the one after.
 */
export interface CartCommunicator extends NeighborCommunicator {
  readonly dims: readonly number[];
  readonly periods: readonly boolean[];
  /** Of this rank. */
  readonly coords: readonly number[];
  /** Coordinates along periodic axes may lie outside the grid. Local. */
  rankOf(coords: readonly number[]): number;
  coordsOf(rank: number): number[];
  /**
   * Partners for moving data by `disp` cells along `dim`: what is sent to `dest` arrives there from its `source`.
   * PROC_NULL beyond an edge. Local.
   */
  shift(dim: number, disp?: number): { source: number; dest: number };
  /**
   * The cells that differ from this one only in the dimensions to keep; all are split into such grids. Collective.
   *
   * @param keep - One for each dimension.
   */
  sub(keep: readonly boolean[], options?: CallOptions): Request<CartCommunicator>;
  dup(): CartCommunicator;
}

/** Every rank lists its own neighbours; or ranks list any edges, each once by any rank. */
export type GraphOptions = CallOptions &
  (
    | {
        readonly sources: readonly number[];
        readonly destinations: readonly number[];
        readonly sourceWeights?: readonly number[];
        readonly destinationWeights?: readonly number[];
      }
    | { readonly edges: readonly (readonly [source: number, dest: number, weight?: number])[] }
  );

/** A communicator whose ranks are the nodes of a directed graph. */
export interface GraphCommunicator extends NeighborCommunicator {
  /** Weights of `sources`, in the same order, if there are any. */
  readonly sourceWeights: readonly number[] | undefined;
  readonly destinationWeights: readonly number[] | undefined;
  dup(): GraphCommunicator;
}
