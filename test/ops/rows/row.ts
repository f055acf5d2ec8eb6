import type { BlockSpace, BlockVector } from "../../../src/array/blocks.js";
import type { DType, Scalar } from "../../../src/array/dtype.js";
import { LocalArray } from "../../../src/array/local-array.js";
import type { AnyVector } from "../../../src/array/vector.js";
import type { LinearOperatorContract } from "../../../src/ops/operator-products.js";
import type { Field, Line } from "./definitions.js";

export type Op = LinearOperatorContract<AnyVector, AnyVector>;

/** What a case is made of: which array, along which axis, and random parameters. */
export interface Case {
  readonly dims: readonly number[];
  readonly axis: number;
  readonly dtype: DType;
  /** An integer from `low` to `high`. */
  readonly pick: (low: number, high: number) => number;
}

/** The operator of a case, for arrays of any space of its dims. */
export type Make = <V extends BlockVector<V> & AnyVector>(space: BlockSpace<V>) => Op;

/**
 * What the operator does, written down plainly for real numbers: to a line along the axis, or to the whole model. The real
 * and the imaginary part of a complex model are worked out apart; an operator that is linear over real numbers only is
 * given both.
 */
export type Definition =
  | { readonly line: (x: Line, im: Line) => readonly Scalar[] }
  | { readonly whole: (x: Field, im: Field) => readonly Scalar[] };

/** Calls by name, or exchanges with both neighbours along the axis, or scans along it. */
export type Cost = Readonly<Partial<Record<"alltoall" | "allreduce" | "halo" | "scan", number>>>;

export interface Row {
  /** Draws the parameters, then says how to make the operator from them, as often as wanted, and what it must do. */
  readonly draw: (given: Case) => { readonly make: Make } & Definition;
  /** Lengths of its arrays; default: one to three axes of 0 to 6. */
  readonly dims?: (pick: Case["pick"]) => number[];
  /** Axes that may be split, as many as the first; default: all. */
  readonly splits?: number;
  /** What forward and adjoint send, if the axis is split, or if another one is. */
  readonly cost: (split: boolean) => readonly [forward: Cost, adjoint: Cost];
  /** Forward and adjoint have the same bits on any number of ranks; default true. */
  readonly exact?: boolean;
}

export const twice = (cost: Cost) => [cost, cost] as const;
export const nothing: Row["cost"] = () => [{}, {}];
export const gathers: Row["cost"] = (split) => twice(split ? { alltoall: 1 } : {});
export const halos = (count: number): Row["cost"] => (split) => twice(split ? { halo: count } : {}); // prettier-ignore
/** Whatever axis the operator acts along: it acts along all. */
export const always = (cost: Cost): Row["cost"] => () => twice(cost); // prettier-ignore
export const scans: Row["cost"] = (split) => twice(split ? { scan: 1 } : {});

export const twoAxes = (pick: Case["pick"]) => [pick(1, 5), pick(1, 6)];
export const options = ({ axis, dtype }: Case) => ({ axis, dtype });
export const kinds = ["forward", "backward", "centered"] as const;
export const numbers = ({ pick }: Case, count: number) =>
  Array.from({ length: count }, () => pick(-4, 4) / 2);
export const positions = (given: Case, count: number, n: number) =>
  Array.from({ length: n === 0 ? 0 : count }, () => (given.pick(0, 4) / 4) * (n - 1));
export const reals = (given: Case, dims: readonly number[]) =>
  LocalArray.fromFunction(dims, () => given.pick(-4, 4) / 2);

/** A number for each index, and where it is complex an imaginary part. */
export const factor = (index: readonly number[]): number => index.reduce((sum, i) => 3 * sum + i, 1);
export const vectorOf = <V extends BlockVector<V>>(space: BlockSpace<V>, dtype: DType): V => {
  const vector = space.zeros(dtype);
  const complex = dtype.startsWith("complex");
  vector.block.fillFrom(
    (...index) => (complex ? { re: factor(index), im: 2 } : factor(index)),
    space.localStart,
  );
  return vector;
};
