import type { Communicator } from "../comm/types.js";
import type { DType, Storage } from "./dtype.js";
import type { LocalArray } from "./local-array.js";
import type { Space, Vector } from "./vector.js";

/** A space whose vectors are N-d arrays of which every rank holds one block. A local space is one block on one rank. */
export interface BlockSpace<V> extends Space<V> {
  /** Where the blocks are; `undefined` for local arrays. */
  readonly comm: Communicator | undefined;
  /** Ranks along each axis. */
  readonly grid: readonly number[];
  /** True if every rank holds the whole array. */
  readonly replicated: boolean;
  /** True if this rank's block counts: in sums, and in files. One that repeats what another rank holds does not. */
  readonly primary: boolean;
  /** Shape of this rank's block. */
  readonly localShape: readonly number[];
  /** Global index of the first element of this rank's block. */
  readonly localStart: readonly number[];
  /** The space of the same kind with an array of other global dims, spread over the ranks in the same way. */
  withDims(dims: readonly number[]): BlockSpace<V>;
  /** The space of the arrays that are left when axes are reduced; [1] if none is. `keepdims`: these have length 1. */
  without(axes: readonly number[], keepdims?: boolean): BlockSpace<V>;
  /** The ranks that stand behind one another along axes: whose blocks differ along these alone. Collective. */
  behind(axes: readonly number[]): Promise<Communicator | undefined>;
  zeros(dtype?: DType): V;
}

/** What operators on blocks need: local and distributed arrays are block vectors. */
export interface BlockVector<V> extends Vector<V> {
  readonly space: BlockSpace<V>;
  /** The numbers of this rank's block, in C order; complex ones interleaved. Writing to it changes the array. */
  readonly local: Storage;
  /** In the check mode of a distribution: compares copies before they are relied on. Collective then, else local. */
  verify(): Promise<void>;
  /** This rank's block as an array of its own, over the same storage. */
  readonly block: LocalArray;
}
