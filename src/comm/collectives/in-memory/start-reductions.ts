import type { Calls } from "../../calls.js";
import { elementwise } from "../../elementwise.js";
import { codeOf, isTypedArray } from "../../envelope.js";
import type { Signature } from "../../matching.js";
import { unitOf, unsuited } from "../../operations.js";
import type { OpName, TypedArray } from "../../types.js";
import type { Blocks } from "../blocks.js";
import { identical, like, overlap, part } from "../buffers.js";
import { sign } from "../signature.js";
import { alike, cutOrNothing, type Cuts, fits, isRank, type Started } from "./arguments.js";
import type { OnBoard } from "./on-board.js";
import { Recall } from "./recall.js";
import { BoardAllreduce, BoardReduce, BoardReduceScatter } from "./reductions.js";
import { BoardScan } from "./scan.js";
import { BoardNumber, BoardSum } from "./sums.js";

/** A reduction by name, or one of the user's own, which needs messages. */
type NamedOrOwn = OpName | { readonly name: string };

/** Sums of so few doubles need no views. */
const FEW = 32;

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

/** What named operations can reduce on this board, as an array; ranks agree on its type and length. */
function reducible({ board }: OnBoard, value: unknown, op: OpName): TypedArray | undefined {
  const { array } = elementwise(value, op);
  if (array === undefined || unitOf(op) > 1 || unsuited(op, array) !== undefined) return undefined;
  return array.byteLength <= board.valueBytes || board.peers !== undefined ? array : undefined;
}

const ALLREDUCES_INTO = new Recall<true>();
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
