import type { Communicator } from "../comm/types.js";
import { allocate, release } from "./arithmetic.js";
import type { Distribution } from "./distribution.js";
import { type DType, numbersPerElement, type Storage } from "./dtype.js";
import { checkAxes, product } from "./shape.js";
import { type BoxView, boxIn, copyBox, permuteBox } from "./strided-copy.js";

/** What two ranks have in common: a box of the target array. */
interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

interface Buffers {
  readonly sent: Storage;
  readonly received: Storage;
}

/**
 * How an array moves from one distribution to another, with its axes in the same or in another order: any blocks to
 * any blocks, in one all-to-all. Made once, from the two distributions alone; nothing is sent until `run`.
 *
 * Where the target is shorter along an axis the rest is left out, where it is longer the rest stays as it is.
 */
export class Redistribution {
  readonly #comm: Communicator;
  readonly #from: Distribution;
  readonly #to: Distribution;
  readonly #axes: readonly number[];
  readonly #inverse: readonly number[];
  readonly #outgoing: readonly Box[];
  readonly #incoming: readonly Box[];
  readonly #buffers = new Map<DType, Buffers>();

  /**
   * @param axes - Axis k of the target is axis `axes[k]` of the source. Default: the same order.
   * @throws {RangeError} If `axes` is not an order of all axes, or the communicators differ.
   */
  constructor(
    from: Distribution,
    to: Distribution,
    axes: readonly number[] = from.dims.map((_, axis) => axis),
  ) {
    checkAxes("Redistribution", axes, from.dims.length);
    if (to.dims.length !== from.dims.length || from.comm !== to.comm) {
      throw new RangeError(
        `Redistribution: from ${from.toString()} to ${to.toString()}; number of axes and communicator must be the same`,
      );
    }
    this.#comm = from.comm;
    this.#from = from;
    this.#to = to;
    this.#axes = axes;
    this.#inverse = axes.map((_, axis) => axes.indexOf(axis));
    const { rank } = from.comm;
    const ranks = Array.from({ length: from.comm.size }, (_, peer) => peer);
    this.#outgoing = ranks.map((peer) => intersect(source(from, rank, axes), target(to, peer)));
    this.#incoming = ranks.map((peer) => intersect(source(from, peer, axes), target(to, rank)));
  }

  /**
   * Fills `y`, this rank's block of the target, from the blocks `x` of all ranks. Collective.
   *
   * Sends every element once (to every rank, if the target is replicated), through buffers as large as the two
   * blocks, which are kept for the next run. Local if the source is replicated, or if there is one rank.
   */
  async run(dtype: DType, x: Storage, y: Storage): Promise<void> {
    const step = numbersPerElement(dtype);
    const { rank, size } = this.#comm;
    if (size === 1 || this.#from.replicated) {
      const own = this.#outgoing[rank];
      return copyBox(own.shape, this.#sourceView(x, own), this.#targetView(y, own), step);
    }
    const outgoing = this.#to.replicated ? [this.#outgoing[rank]] : this.#outgoing;
    const incoming = this.#incoming;
    const { sent, received } = this.#buffersFor(dtype, elementsIn(outgoing), elementsIn(incoming));
    forEachPacked(sent, outgoing, step, (box, packed) =>
      copyBox(box.shape, this.#sourceView(x, box), packed, step),
    );
    const counts = incoming.map((box) => step * product(box.shape));
    if (this.#to.replicated) {
      await this.#comm.allgather(sent, { counts, into: received });
    } else {
      const sendCounts = outgoing.map((box) => step * product(box.shape));
      await this.#comm.alltoall(sent, { counts: sendCounts, recvCounts: counts, into: received });
    }
    forEachPacked(received, incoming, step, (box, packed) =>
      copyBox(box.shape, packed, this.#targetView(y, box), step),
    );
  }

  /** Gives the buffers back; another run allocates them anew. Local. */
  [Symbol.dispose](): void {
    for (const { sent, received } of this.#buffers.values()) [sent, received].forEach(release);
    this.#buffers.clear();
  }

  #buffersFor(dtype: DType, sentElements: number, receivedElements: number): Buffers {
    let buffers = this.#buffers.get(dtype);
    if (!buffers) {
      buffers = { sent: allocate(dtype, sentElements), received: allocate(dtype, receivedElements) };
      this.#buffers.set(dtype, buffers);
    }
    return buffers;
  }

  /** A box of the target where it lies in this rank's block of the source. */
  #sourceView(x: Storage, box: Box): BoxView {
    const start = permuted(box.start, this.#inverse).map(
      (index, axis) => index - this.#from.localStart[axis],
    );
    return permuteBox(boxIn(x, this.#from.localShape, start), this.#axes);
  }

  #targetView(y: Storage, box: Box): BoxView {
    const start = box.start.map((index, axis) => index - this.#to.localStart[axis]);
    return boxIn(y, this.#to.localShape, start);
  }
}

function elementsIn(boxes: readonly Box[]): number {
  return boxes.reduce((sum, box) => sum + product(box.shape), 0);
}

function permuted<T>(values: readonly T[], axes: readonly number[]): T[] {
  return axes.map((axis) => values[axis]);
}

/** The block of a rank of the source, in the order of the target's axes. */
function source(from: Distribution, rank: number, axes: readonly number[]): Box {
  return { start: permuted(from.startOf(rank), axes), shape: permuted(from.shapeOf(rank), axes) };
}

function target(to: Distribution, rank: number): Box {
  return { start: to.startOf(rank), shape: to.shapeOf(rank) };
}

function intersect(a: Box, b: Box): Box {
  const start = a.start.map((index, axis) => Math.max(index, b.start[axis]));
  const shape = start.map((index, axis) => {
    const end = Math.min(a.start[axis] + a.shape[axis], b.start[axis] + b.shape[axis]);
    return Math.max(0, end - index);
  });
  return { start, shape };
}

/** Visits every box with its place in a buffer that holds them one after the other. */
function forEachPacked(
  buffer: Storage,
  boxes: readonly Box[],
  step: 1 | 2,
  visit: (box: Box, packed: BoxView) => void,
): void {
  let offset = 0;
  for (const box of boxes) {
    const count = step * product(box.shape);
    const origin = box.shape.map(() => 0);
    if (count > 0) visit(box, boxIn(buffer.subarray(offset, offset + count), box.shape, origin));
    offset += count;
  }
}
