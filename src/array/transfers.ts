import type { Storage } from "./dtype.js";
import { product, stridesOf } from "./shape.js";
import { type BoxView, copyBox } from "./strided-copy.js";

/** Where a box of elements lies in a block: its first element, and the distance to the next one along each axis. */
export interface Place {
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A box of elements that goes from the block of one rank to the block of another (or of the same) one. */
export interface Transfer {
  /** The other rank. */
  readonly peer: number;
  readonly shape: readonly number[];
  /** Where it lies in the block that it comes from, and in the one that it goes to. */
  readonly from: Place;
  readonly to: Place;
}

export function elementsIn(transfers: readonly Transfer[]): number {
  return transfers.reduce((sum, { shape }) => sum + product(shape), 0);
}

/** Transfers by peer, in the order in which they are given. */
export function byPeer(transfers: readonly Transfer[]): Map<number, Transfer[]> {
  const groups = new Map<number, Transfer[]>();
  for (const transfer of transfers) {
    const group = groups.get(transfer.peer);
    if (group) group.push(transfer);
    else groups.set(transfer.peer, [transfer]);
  }
  return groups;
}

/** Where a transfer lies in the memory of this call. */
export type Locate = (transfer: Transfer) => BoxView;

/** Copies elements, from where `read` says, into `packed`, one transfer after the other. */
export function pack(transfers: readonly Transfer[], read: Locate, packed: Storage, numbers: 1 | 2): void {
  let offset = 0;
  for (const transfer of transfers) {
    const { shape } = transfer;
    copyBox(shape, read(transfer), { storage: packed, offset, strides: stridesOf(shape) }, numbers);
    offset += product(shape);
  }
}

/** Copies what has been packed to where `write` says, or adds it there. */
export function unpack(
  transfers: readonly Transfer[],
  packed: Storage,
  write: Locate,
  numbers: 1 | 2,
  accumulate: boolean,
): void {
  let offset = 0;
  for (const transfer of transfers) {
    const { shape } = transfer;
    const from = { storage: packed, offset, strides: stridesOf(shape) };
    copyBox(shape, from, write(transfer), numbers, accumulate);
    offset += product(shape);
  }
}

/** The elements of one transfer where they lie, if they lie one after the other. */
export function contiguous(shape: readonly number[], view: BoxView, numbers: 1 | 2): Storage | undefined {
  let length = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && view.strides[axis] !== length) return undefined;
    length *= shape[axis];
  }
  return view.storage.subarray(view.offset * numbers, (view.offset + length) * numbers);
}

/** A box as short as it can be told: axes of length 1 are left out, and those that lie together are one. */
export function flattened(transfer: Transfer): Transfer {
  const { from, to } = transfer;
  const shape: number[] = [];
  const [fromStrides, toStrides]: [number[], number[]] = [[], []];
  for (let axis = transfer.shape.length - 1; axis >= 0; axis--) {
    const length = transfer.shape[axis];
    if (length === 1) continue;
    const together =
      shape.length > 0 &&
      from.strides[axis] === fromStrides[0] * shape[0] &&
      to.strides[axis] === toStrides[0] * shape[0];
    if (together) {
      shape[0] *= length;
      continue;
    }
    shape.unshift(length);
    fromStrides.unshift(from.strides[axis]);
    toStrides.unshift(to.strides[axis]);
  }
  if (shape.length === 0) {
    shape.push(1);
    fromStrides.push(1);
    toStrides.push(1);
  }
  return {
    ...transfer,
    shape,
    from: { offset: from.offset, strides: fromStrides },
    to: { offset: to.offset, strides: toStrides },
  };
}
