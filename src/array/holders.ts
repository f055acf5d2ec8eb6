import { sameNumbers } from "./shape.js";

/** Where a rank stands: which copy of the array it has a part in, and which cell of the process grid it is there. */
interface Place {
  readonly copy: number;
  readonly cell: number;
}

/** Who holds what: each copy of an array is held by a group of ranks, one for each cell of a process grid. */
export class Holders {
  /** Ranks by copy, then by cell. */
  readonly #ranks: readonly (readonly number[])[];
  /** By rank; `undefined` where a rank holds nothing. */
  readonly #places: readonly (Place | undefined)[];

  /** @param ranks - For each copy the ranks of its cells, as many in each. */
  private constructor(size: number, ranks: readonly (readonly number[])[]) {
    const places = new Array<Place | undefined>(size).fill(undefined);
    ranks.forEach((group, copy) => group.forEach((rank, cell) => (places[rank] = { copy, cell })));
    this.#ranks = ranks;
    this.#places = places;
  }

  /** Every one of `size` ranks holds a copy of its own. */
  static everyRank(size: number): Holders {
    return new Holders(
      size,
      Array.from({ length: size }, (_, rank) => [rank]),
    );
  }

  /**
   * Ranks of equal number hold one copy together, in rank order; default: all do. Copies are counted in the order of their
   * first ranks.
   *
   * @throws {RangeError} If there is not one number for each rank, or not as many ranks for each number.
   */
  static of(
    size: number,
    copies: readonly (number | undefined)[] = new Array<number>(size).fill(0),
  ): Holders {
    const groups = new Map<number, number[]>();
    copies.forEach((copy, rank) => {
      if (copy === undefined) return;
      const group = groups.get(copy);
      if (group) group.push(rank);
      else groups.set(copy, [rank]);
    });
    const ranks = [...groups.values()];
    const text = `copies ${copiesText(copies)}`;
    if (copies.length !== size) {
      throw new RangeError(`Distribution: ${text} for ${size} ranks; give one number for each`);
    }
    if (ranks.length === 0) throw new RangeError(`Distribution: ${text}: no rank holds anything`);
    if (ranks.some((group) => group.length !== ranks[0].length)) {
      throw new RangeError(`Distribution: ${text} have different numbers of ranks; give every copy as many`);
    }
    return new Holders(size, ranks);
  }

  /** How many times the array is held. */
  get copies(): number {
    return this.#ranks.length;
  }

  /** Ranks that hold one copy together. */
  get cells(): number {
    return this.#ranks[0].length;
  }

  placeOf(rank: number): Place | undefined {
    return this.#places[rank];
  }

  rankAt({ copy, cell }: Place): number {
    return this.#ranks[copy][cell];
  }

  /** True if every rank is the same cell of the same copy. */
  equals(other: Holders): boolean {
    return (
      this.copies === other.copies &&
      this.#ranks.every((ranks, copy) => sameNumbers(ranks, other.#ranks[copy]))
    );
  }

  /** The copy that each rank has a part in. */
  toString(): string {
    return copiesText(this.#places.map((place) => place?.copy));
  }
}

function copiesText(copies: readonly (number | undefined)[]): string {
  return `[${copies.map((copy) => copy ?? "-").join(", ")}]`;
}
