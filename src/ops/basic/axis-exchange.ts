import { allocate } from "../../array/arithmetic.js";
import type { Distribution } from "../../array/distribution.js";
import type { DType, Storage } from "../../array/dtype.js";
import { numbersPerElement } from "../../array/dtype.js";
import { product } from "../../array/shape.js";
import type { Span } from "./block-space.js";

interface Buffers {
  readonly sent: Storage;
  readonly received: Storage;
}

/** Who owns a place along the span, and where it is in the owner's block. */
interface Owner {
  readonly rank: number;
  readonly place: number;
}

/**
 * Places along a span of a distributed array that ranks gather from their owners, in one all-to-all: ranks that differ
 * only in their part of the span exchange what they need of each other. Made without a message, from what every rank
 * needs; buffers are kept for the next run.
 */
export class AxisExchange {
  readonly #source: Distribution;
  /** Places in this rank's block to send, and how many to receive, by rank of the communicator. */
  readonly #outgoing: readonly (readonly number[])[];
  readonly #incoming: readonly number[];
  readonly #positions: ReadonlyMap<number, number>;
  readonly #buffers = new Map<DType, Buffers>();
  /** Places along the span in this rank's block. */
  readonly #length: number;

  /** @param needs - The places that a rank needs, as one number each, ascending; known for every rank. */
  constructor(source: Distribution, span: Span, needs: (rank: number) => readonly number[]) {
    const { rank, size } = source.comm;
    const ownerOf = owners(source, span);
    const byOwner = Array.from({ length: size }, (): number[] => []);
    for (const place of needs(rank)) byOwner[ownerOf(place).rank].push(place);
    const outgoing = Array.from({ length: size }, (): number[] => []);
    for (const peer of peersAlong(source, span)) {
      for (const place of needs(peer)) {
        const owner = ownerOf(place);
        if (owner.rank === rank) outgoing[peer].push(owner.place);
      }
    }
    this.#source = source;
    this.#outgoing = outgoing;
    this.#incoming = byOwner.map((places) => places.length);
    this.#positions = new Map(byOwner.flat().map((place, position) => [place, position]));
    this.#length = product(source.localShape.slice(span.first, span.first + span.count));
  }

  /** Where in what this rank receives its places are. */
  positionsOf(places: Int32Array): Int32Array {
    return places.map((place) => this.#positions.get(place) ?? 0);
  }

  /** Collective. @returns [place, outer, inner], valid until the next run. */
  async run(dtype: DType, x: Storage, outer: number, inner: number): Promise<Storage> {
    const lines = outer * inner;
    const counts = this.#outgoing.map((places) => places.length * lines);
    const recvCounts = this.#incoming.map((places) => places * lines);
    const { sent, received } = this.#buffersFor(dtype, total(counts), total(recvCounts));
    let at = 0;
    for (const places of this.#outgoing) {
      for (const place of places) {
        for (let o = 0; o < outer; o++, at += inner) {
          const start = (o * this.#length + place) * inner;
          sent.set(x.subarray(start, start + inner), at);
        }
      }
    }
    await this.#source.comm.alltoall(sent, { counts, recvCounts, into: received });
    return received;
  }

  #buffersFor(dtype: DType, sent: number, received: number): Buffers {
    let buffers = this.#buffers.get(dtype);
    if (!buffers) {
      const step = numbersPerElement(dtype);
      buffers = { sent: allocate(dtype, sent / step), received: allocate(dtype, received / step) };
      this.#buffers.set(dtype, buffers);
    }
    return buffers;
  }
}

/** The ranks with all parts of the span, and this rank's part of all other axes, ascending; none if it has no part. */
export function peersAlong(source: Distribution, { first, count }: Span): number[] {
  const own = source.coordinatesOf(source.comm.rank);
  if (!own) return [];
  let places = [own];
  for (let axis = first; axis < first + count; axis++) {
    const every = Array.from({ length: source.grid[axis] }, (_, coordinate) => coordinate);
    places = places.flatMap((place) => every.map((coordinate) => place.with(axis, coordinate)));
  }
  return places.map((place) => source.rankAt(place));
}

function owners(source: Distribution, { first, count }: Span): (place: number) => Owner {
  const own = source.coordinatesOf(source.comm.rank) ?? [];
  const axes = Array.from({ length: count }, (_, k) => {
    const [length, offsets] = [source.dims[first + k], source.offsets(first + k)];
    const coordinates = new Int32Array(length);
    for (let c = 0; c + 1 < offsets.length; c++) coordinates.fill(c, offsets[c], offsets[c + 1]);
    return { length, offsets, coordinates };
  });
  return (place) => {
    const at = [...own];
    let [rest, local, stride] = [place, 0, 1];
    for (let k = count - 1; k >= 0; k--) {
      const { length, offsets, coordinates } = axes[k];
      const index = rest % length;
      rest = (rest - index) / length;
      const c = coordinates[index];
      at[first + k] = c;
      local += (index - offsets[c]) * stride;
      stride *= offsets[c + 1] - offsets[c];
    }
    return { rank: source.rankAt(at), place: local };
  };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
