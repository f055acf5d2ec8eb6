/**
 * Collectives of ranks that share memory, from the arguments of the call: each function starts one on the board of the
 * communicator. It returns `undefined`, and has done nothing, if this one needs messages: because the communicator has
 * no board, because some rank cannot go on with it, or because the arguments are wrong, which is for others to say.
 *
 * Whether a call goes to the board must be the same on all ranks: it depends only on what they agree on.
 */
import type { Calls } from "../../calls.js";
import { elementwise } from "../../elementwise.js";
import { codeOf, isTypedArray, pack, type Packed } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import { unitOf, unsuited } from "../../operations.js";
import type { Counts, OpName, RecvCounts, TypedArray } from "../../types.js";
import { allgatherAgreement } from "../agreements.js";
import { type Blocks, blockOf, cut } from "../blocks.js";
import { sign } from "../call.js";
import type { BoardCall } from "./board-call.js";
import { BoardAllgather, BoardBcast, BoardGather } from "./exchanges.js";
import { identical, like, overlap, part } from "../buffers.js";
import type { Contribution } from "./contribution.js";
import type { OnBoard } from "./on-board.js";
import { BoardAlltoall, BoardScatter, type Source } from "./personalized.js";
import {
  BoardAllreduce,
  BoardBarrier,
  BoardNumber,
  BoardReduce,
  BoardReduceScatter,
  BoardScan,
  BoardSum,
} from "./reductions.js";
import { Recall } from "./recall.js";
import { Table, tableBytes } from "./table.js";

type Started = BoardCall | undefined;
/** A reduction by name, or one of the user's own, which needs messages. */
type NamedOrOwn = OpName | { readonly name: string };
/** How a caller cuts a buffer; see {@link Counts}. */
type Cuts = Counts & { readonly into?: TypedArray };

/** Sums of so few doubles need no views. */
const FEW = 32;

export function startBarrier(calls: Calls): Started {
  const { board } = calls;
  return board?.start(new BoardBarrier(board, BARRIER));
}

export function startAllreduce(
  calls: Calls,
  value: unknown,
  op: NamedOrOwn,
  into: TypedArray | undefined,
  reproducible: boolean,
): Started {
  const { board } = calls;
  if (board === undefined || typeof op !== "string") return undefined;
  if (op === "sum") {
    // The sums of solvers take the shortest way.
    if (typeof value === "number" && into === undefined) {
      const signature = reproducible ? REPRODUCIBLE_NUMBER : SUMS[1];
      return board.start(new BoardNumber(board, signature, value));
    }
    if (!reproducible && value instanceof Float64Array && value.length <= FEW) {
      const out = into ?? new Float64Array(value.length);
      if (!(out instanceof Float64Array) || (into && !fits(ALLREDUCES_INTO, board, value, into)))
        return undefined;
      return board.start(new BoardSum(board, SUMS[value.length], value, out));
    }
  }
  const x = reducible(board, value, op);
  if (x === undefined || (into !== undefined && !alike(x, into))) return undefined;
  const signature = sign({ name: "allreduce", op, code: codeOf(x), count: x.length, reproducible });
  const out = into ?? like(x, x.length);
  return board.start(new BoardAllreduce(board, signature, x, op, out, elementwise(value, op).result));
}

export function startReduce(
  calls: Calls,
  value: unknown,
  op: NamedOrOwn,
  root: number,
  into: TypedArray | undefined,
  reproducible: boolean,
): Started {
  const { board } = calls;
  if (board === undefined || typeof op !== "string" || !isRank(board, root)) return undefined;
  const x = reducible(board, value, op);
  if (x === undefined || (into !== undefined && !alike(x, into))) return undefined;
  const signature = sign({ name: "reduce", root, op, code: codeOf(x), count: x.length, reproducible });
  const out = board.board.rank === root ? (into ?? like(x, x.length)) : undefined;
  return board.start(new BoardReduce(board, signature, x, op, root, out, elementwise(value, op).result));
}

export function startReduceScatter(
  calls: Calls,
  value: TypedArray,
  op: NamedOrOwn,
  rank: number,
  cuts: Cuts,
  reproducible: boolean,
): Started {
  const { board } = calls;
  if (board === undefined || typeof op !== "string") return undefined;
  const known = reproducible ? undefined : REDUCE_SCATTERS.find(board, value, cuts.into, cuts.counts, op);
  const found = known ?? findReduceScatter(board, value, op, rank, cuts, reproducible);
  if (found === undefined) return undefined;
  const { signature, x, blocks, place, isPlaced } = found;
  return board.start(new BoardReduceScatter(board, signature, x, op, blocks, place, isPlaced));
}

interface FoundReduceScatter {
  readonly signature: Signature;
  readonly x: TypedArray;
  readonly blocks: Blocks;
  readonly place: TypedArray;
  readonly isPlaced: boolean;
}

const REDUCE_SCATTERS = new Recall<FoundReduceScatter>();

function findReduceScatter(
  board: OnBoard,
  value: unknown,
  op: OpName,
  rank: number,
  { counts, into }: Cuts,
  reproducible: boolean,
): FoundReduceScatter | undefined {
  const x = isTypedArray(value) ? reducible(board, value, op) : undefined;
  const blocks = x && cutOrNothing(board, { counts }, x.length);
  if (x === undefined || blocks === undefined) return undefined;
  const count = blocks.counts[rank];
  const isPlaced = into !== undefined && identical(x, into);
  const place = isPlaced ? part(into, 0, count) : (into ?? like(x, count));
  if (place.constructor !== x.constructor || place.length !== count) return undefined;
  if (!isPlaced && overlap(x, place)) return undefined;
  const agreement = { name: "reduceScatter", op, code: codeOf(x), count: x.length } as const;
  const signature = sign({ ...agreement, counts: blocks.counts, reproducible });
  const found = { signature, x, blocks, place, isPlaced };
  if (into === undefined || reproducible) return found;
  return REDUCE_SCATTERS.keep({ board, value: x, into, counts, op }, found);
}

export function startScan(
  calls: Calls,
  value: unknown,
  op: NamedOrOwn,
  exclusive: boolean,
  into: TypedArray | undefined,
  reproducible: boolean,
): Started {
  const { board } = calls;
  if (board === undefined || typeof op !== "string") return undefined;
  const x = reducible(board, value, op);
  if (x === undefined || x.byteLength > board.board.valueBytes || (into !== undefined && !alike(x, into)))
    return undefined;
  const name = exclusive ? "exscan" : "scan";
  const signature = sign({ name, op, code: codeOf(x), count: x.length, reproducible });
  return board.start(
    new BoardScan(
      board,
      signature,
      x,
      op,
      exclusive,
      into ?? like(x, x.length),
      elementwise(value, op).result,
    ),
  );
}

export function startBcast(
  calls: Calls,
  value: unknown,
  root: number,
  rank: number,
  into: TypedArray | undefined,
): Started {
  const board = sharing(calls);
  if (board === undefined || !isRank(board, root)) return undefined;
  const isRoot = rank === root;
  if (isRoot && into !== undefined && !fits(BCASTS_INTO, board, value, into)) return undefined;
  const contribution = isRoot ? contributionOf(value) : undefined;
  if (isRoot && contribution === undefined) return undefined;
  return board.start(new BoardBcast(board, rooted(BCASTS, "bcast", root), root, value, contribution, into));
}

export function startGather(calls: Calls, value: unknown, root: number, rank: number, cuts: Cuts): Started {
  const board = sharing(calls);
  if (board === undefined || !isRank(board, root)) return undefined;
  const target = rank === root ? cuts.into : undefined;
  const blocks = target && cutOrNothing(board, cuts, target.length);
  const own = target ? ownBlock(value, rank, target, blocks) : value;
  const contribution = contributionOf(own);
  if (contribution === undefined || (target !== undefined && own === undefined)) return undefined;
  const signature = rooted(GATHERS, "gather", root);
  return board.start(new BoardGather(board, signature, root, own, contribution, target, blocks));
}

export function startAllgather(calls: Calls, value: unknown, rank: number, cuts: Cuts): Started {
  const board = sharing(calls);
  if (board === undefined) return undefined;
  const { into, counts, displs } = cuts;
  const known = displs === undefined ? ALLGATHERS.find(board, value, into, counts) : undefined;
  const found = known ?? findAllgather(board, value, rank, cuts);
  if (found === undefined) return undefined;
  return board.start(
    new BoardAllgather(board, found.signature, found.own, found.contribution, into, found.blocks),
  );
}

interface FoundAllgather {
  readonly signature: Signature;
  readonly own: unknown;
  readonly contribution: Contribution;
  readonly blocks: Blocks | undefined;
}

const ALLGATHERS = new Recall<FoundAllgather>();

function findAllgather(board: OnBoard, value: unknown, rank: number, cuts: Cuts): FoundAllgather | undefined {
  const { into, counts, displs } = cuts;
  const blocks = into && cutOrNothing(board, cuts, into.length);
  const own = into ? ownBlock(value, rank, into, blocks) : value;
  const contribution = contributionOf(own);
  if (contribution === undefined || (into !== undefined && own === undefined)) return undefined;
  const found = { signature: sign(allgatherAgreement(into, blocks)), own, contribution, blocks };
  if (into === undefined || displs !== undefined || !isTypedArray(value)) return found;
  return ALLGATHERS.keep({ board, value, into, counts, op: undefined }, found);
}

export function startScatter(calls: Calls, values: unknown, root: number, rank: number, cuts: Cuts): Started {
  const board = sharingTables(calls);
  const { into } = cuts;
  if (board === undefined || !isRank(board, root)) return undefined;
  const signature = rooted(SCATTERS, "scatter", root);
  if (rank !== root)
    return board.start(new BoardScatter(board, signature, root, undefined, undefined, undefined, into));
  const source = into && sourceOf(board, values, cuts);
  if (into !== undefined) {
    if (source === undefined) return undefined;
    // In place, the root's block stays where it is.
    const own = blockOf(source.values, source.blocks, rank);
    const isPlaced = identical(source.values, into);
    if (!isPlaced && (!sameShape(own, into) || overlapInPart(source.values, into, own))) return undefined;
  }
  const list = source ? listOf(source) : values;
  const table = source !== undefined && isEqual(cuts) ? undefined : tableOf(board, list);
  if (table === undefined && !(source !== undefined && isEqual(cuts))) return undefined;
  if (!Array.isArray(list)) return undefined;
  return board.start(new BoardScatter(board, signature, root, list, table, source, into));
}

export function startAlltoall(calls: Calls, values: unknown, cuts: Cuts & RecvCounts): Started {
  const board = sharingTables(calls);
  if (board === undefined) return undefined;
  const { into, recvCounts, recvDispls } = cuts;
  if (into === undefined) {
    const table = tableOf(board, values);
    if (table === undefined || !Array.isArray(values)) return undefined;
    return board.start(new BoardAlltoall(board, ALLTOALL, values, table));
  }
  const received = { counts: recvCounts, displs: recvDispls };
  const areEqual = isEqual(cuts) && isEqual(received);
  const known = areEqual ? ALLTOALLS.find(board, values, into) : undefined;
  const found = known ?? findAlltoall(board, values, into, cuts, received);
  if (found === undefined) return undefined;
  const { signature, table, source, blocks } = found;
  return board.start(new BoardAlltoall(board, signature, [], table, source, into, blocks));
}

interface FoundAlltoall {
  readonly signature: Signature;
  readonly table: Table | undefined;
  readonly source: Source;
  readonly blocks: Blocks;
}

const ALLTOALLS = new Recall<FoundAlltoall>();

function findAlltoall(
  board: OnBoard,
  values: unknown,
  into: TypedArray,
  cuts: Counts,
  received: Counts,
): FoundAlltoall | undefined {
  if (!isTypedArray(values)) return undefined;
  const isPlaced = identical(values, into);
  const source = sourceOf(board, isPlaced ? values.slice() : values, cuts);
  const blocks = cutOrNothing(board, received, into.length);
  if (source === undefined || blocks === undefined) return undefined;
  if (source.values.constructor !== into.constructor || overlap(source.values, into)) return undefined;
  const table = isEqual(cuts) ? undefined : tableOf(board, listOf(source));
  if (table === undefined && !isEqual(cuts)) return undefined;
  const code = codeOf(into);
  const areEqual = isEqual(cuts) && isEqual(received);
  const signature = sign(
    areEqual ? { name: "alltoall", code, count: into.length } : { name: "alltoall", code },
  );
  const found = { signature, table, source, blocks };
  if (isPlaced || !areEqual) return found;
  return ALLTOALLS.keep({ board, value: values, into, counts: undefined, op: undefined }, found);
}

/** The board, if values of any length can go over it: their lengths may differ between ranks. */
function sharing({ board }: Calls): OnBoard | undefined {
  return board?.board.peers === undefined ? undefined : board;
}

function sharingTables(calls: Calls): OnBoard | undefined {
  const board = sharing(calls);
  return board === undefined || tableBytes(board.board.size) > board.board.valueBytes ? undefined : board;
}

/** What named operations can reduce on this board, as an array; ranks agree on its type and length. */
function reducible({ board }: OnBoard, value: unknown, op: OpName): TypedArray | undefined {
  const { array } = elementwise(value, op);
  if (array === undefined || unitOf(op) > 1 || unsuited(op, array) !== undefined) return undefined;
  return array.byteLength <= board.valueBytes || board.peers !== undefined ? array : undefined;
}

/** This rank's contribution to `into`: the buffer itself as value means that it is in its block already. */
function ownBlock(
  value: unknown,
  rank: number,
  into: TypedArray,
  blocks: Blocks | undefined,
): TypedArray | undefined {
  if (blocks === undefined || !isTypedArray(value)) return undefined;
  if (value.buffer !== into.buffer)
    return value.constructor === into.constructor && value.length === blocks.counts[rank] ? value : undefined;
  const block = blockOf(into, blocks, rank);
  if (identical(value, into)) return block;
  return sameShape(value, block) && !overlapInPart(value, into, block) ? value : undefined;
}

/** Whether an array shares memory with a buffer, other than by being exactly one block of it. */
function overlapInPart(a: TypedArray, b: TypedArray, block: TypedArray): boolean {
  return overlap(a, b) && !identical(a, block) && !identical(b, block);
}

function sourceOf(board: OnBoard, values: unknown, cuts: Counts): Source | undefined {
  const blocks = isTypedArray(values) ? cutOrNothing(board, cuts, values.length) : undefined;
  return isTypedArray(values) && blocks !== undefined ? { values, blocks } : undefined;
}

function listOf({ values, blocks }: Source): readonly TypedArray[] {
  return blocks.counts.map((_, rank) => blockOf(values, blocks, rank));
}

function cutOrNothing({ board }: OnBoard, counts: Counts, length: number): Blocks | undefined {
  try {
    return cut("", counts, board.size, length);
  } catch {
    return undefined;
  }
}

/** Whether nothing is said of blocks, which makes them equal, one after the other. */
function isEqual({ counts, displs }: Counts): boolean {
  return counts === undefined && displs === undefined;
}

/** The signature of a collective that has no more than a root. */
function rooted(known: Signature[], name: "bcast" | "gather" | "scatter", root: number): Signature {
  return (known[root] ??= sign({ name, root }));
}

/** What a value is laid out as. */
function contributionOf(value: unknown): Contribution | undefined {
  return isTypedArray(value) ? value : packable(value);
}

/** A value for the wire; `undefined` for one that `v8.serialize` refuses: with messages, that error reaches all ranks. */
function packable(value: unknown): Packed | undefined {
  try {
    return pack(value);
  } catch {
    return undefined;
  }
}

function tableOf({ board }: OnBoard, values: unknown): Table | undefined {
  if (!Array.isArray(values) || values.length !== board.size) return undefined;
  const packed = values.map(packable);
  return packed.every((value) => value !== undefined) ? new Table(packed) : undefined;
}

function isRank({ board }: OnBoard, root: number): boolean {
  return Number.isInteger(root) && root >= 0 && root < board.size;
}

/** Whether a value can go into an array, which may be itself. */
function fits(known: Recall<true>, board: OnBoard, value: unknown, into: TypedArray): boolean {
  if (known.find(board, value, into) !== undefined) return true;
  if (!isTypedArray(value) || !alike(value, into)) return false;
  return known.keep({ board, value, into, counts: undefined, op: undefined }, true);
}

const BCASTS_INTO = new Recall<true>();
const ALLREDUCES_INTO = new Recall<true>();

function sameShape(x: TypedArray, y: TypedArray): boolean {
  return x.constructor === y.constructor && x.length === y.length;
}

function alike(x: TypedArray, into: TypedArray): boolean {
  if (!sameShape(x, into)) return false;
  return into.buffer !== x.buffer || identical(x, into) || !overlap(x, into);
}

const BARRIER = sign({ name: "barrier" });
const ALLTOALL = sign({ name: "alltoall" });
/** Signatures of these by root. */
const BCASTS: Signature[] = [];
const GATHERS: Signature[] = [];
const SCATTERS: Signature[] = [];
const FLOAT64 = codeOf(new Float64Array(0));
const REPRODUCIBLE_NUMBER = sign({
  name: "allreduce",
  op: "sum",
  code: FLOAT64,
  count: 1,
  reproducible: true,
});
/** Signatures of sums of 0, 1, … doubles. */
const SUMS = Array.from({ length: FEW + 1 }, (_, count) =>
  sign({ name: "allreduce", op: "sum", code: FLOAT64, count }),
);
