import { allocate } from "../../array/arithmetic.js";
import type { BlockSpace, BlockVector } from "../../array/blocks.js";
import { type DType, numbersPerElement, type Storage } from "../../array/dtype.js";
import { product, sameNumbers } from "../../array/shape.js";
import { boxIn, copyBox } from "../../array/strided-copy.js";
import type { Span } from "./block-space.js";

/**
 * What of a replicated array belongs to the block that this rank has of another one: all there is along a span, and
 * across it the rows of the block. Local. The array itself where the block has all of them.
 */
export class OwnPart {
  readonly #dims: readonly number[];
  readonly #start: readonly number[];
  readonly #shape: readonly number[];
  readonly #whole: boolean;
  readonly #buffers = new Map<DType, Storage>();

  /** @param span, otherSpan - Of the replicated array, and of the one that is split. */
  constructor(replicated: BlockSpace<unknown>, span: Span, split: BlockSpace<unknown>, otherSpan: Span) {
    const { dims } = replicated;
    const along = (values: readonly number[], across: readonly number[]) => [
      ...across.slice(0, otherSpan.first),
      ...values.slice(span.first, span.first + span.count),
      ...across.slice(otherSpan.first + otherSpan.count),
    ];
    this.#dims = dims;
    this.#shape = along(dims, split.localShape);
    this.#start = along(dims.map(() => 0), split.localStart); // prettier-ignore
    this.#whole = sameNumbers(this.#shape, dims);
  }

  /** The part, to read: copied out of the array, or the array itself. */
  take(array: BlockVector<unknown>): Storage {
    if (this.#whole) return array.local;
    const part = this.buffer(array);
    this.#copy(array, part, "out");
    return part;
  }

  /** Where to write the part before it is {@link put}. */
  buffer(array: BlockVector<unknown>): Storage {
    if (this.#whole) return array.local;
    let part = this.#buffers.get(array.dtype);
    if (!part) {
      part = allocate(array.dtype, product(this.#shape));
      this.#buffers.set(array.dtype, part);
    }
    return part;
  }

  /** The array ← the part, and zeros around it. */
  put(array: BlockVector<unknown>): void {
    if (this.#whole) return;
    array.local.fill(0);
    this.#copy(array, this.buffer(array), "in");
  }

  #copy({ dtype, local }: BlockVector<unknown>, part: Storage, direction: "in" | "out"): void {
    const box = boxIn(local, this.#dims, this.#start);
    const own = boxIn(part, this.#shape, this.#shape.map(() => 0)); // prettier-ignore
    const numbers = numbersPerElement(dtype);
    if (direction === "out") copyBox(this.#shape, box, own, numbers);
    else copyBox(this.#shape, own, box, numbers);
  }
}
