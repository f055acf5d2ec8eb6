import type { Calls } from "../../calls.js";
import { codeOf, isTypedArray, pack, type Packed } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import type { Counts, RecvCounts, TypedArray } from "../../types.js";
import { allgatherAgreement } from "../agreements.js";
import { blockOf, type Blocks } from "../blocks.js";
import { identical, overlap } from "../buffers.js";
import { sign } from "../signature.js";
import { cutOrNothing, type Cuts, fits, isRank, sameShape, type Started } from "./arguments.js";
import { BoardBarrier } from "./board-barrier.js";
import type { Contribution } from "./contribution.js";
import { BoardAllgather, BoardBcast, BoardGather } from "./exchanges.js";
import type { OnBoard } from "./on-board.js";
import { BoardAlltoall, BoardScatter, type Source } from "./personalized.js";
import { Recall } from "./recall.js";
import { Table, tableBytes } from "./table.js";

export function startBarrier(calls: Calls): Started {
  const { board } = calls;
  return board?.start(new BoardBarrier(board, BARRIER));
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

const BCASTS_INTO = new Recall<true>();
const BARRIER = sign({ name: "barrier" });
const ALLTOALL = sign({ name: "alltoall" });
/** Signatures of these by root. */
const BCASTS: Signature[] = [];
const GATHERS: Signature[] = [];
const SCATTERS: Signature[] = [];
