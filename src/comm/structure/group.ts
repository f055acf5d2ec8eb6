import { PROC_NULL } from "../types.js";

/** How two groups or communicators relate; see {@link Group.compare}. */
export type GroupComparison = "identical" | "similar" | "unequal";

/** First, last and step of a range of ranks; the last one is part of it. */
export type RankRange = readonly [first: number, last: number, step?: number];

/**
 * An ordered set of processes: a value, made by `comm.group` and by what groups are made of groups. Local, all of it.
 *
 * Ranks in arguments are ranks of this group. A group may be empty, and need not contain the calling process.
 *
 * @see MPI: A Message-Passing Interface Standard 4.1, section 7.3
 */
export class Group {
  /** World ranks of the members, by their rank in the group. */
  readonly ranks: readonly number[];
  readonly size: number;
  /** Rank of the calling process; `undefined` if it is no member. */
  readonly rank: number | undefined;
  readonly #self: number;

  /** @param self - World rank of the calling process. */
  constructor(ranks: readonly number[], self: number) {
    this.ranks = Object.freeze([...ranks]);
    this.size = ranks.length;
    this.#self = self;
    const rank = ranks.indexOf(self);
    this.rank = rank < 0 ? undefined : rank;
  }

  /** The given ranks, in the given order. */
  incl(ranks: ArrayLike<number>): Group {
    return this.#of(this.#checked("incl", ranks).map((rank) => this.ranks[rank]));
  }

  /** All but the given ranks, in the order of this group. */
  excl(ranks: ArrayLike<number>): Group {
    const out = new Set(this.#checked("excl", ranks));
    return this.#of(this.ranks.filter((_, rank) => !out.has(rank)));
  }

  /** As `incl`, of ranges: `rangeIncl([[0, 6, 2], [7, 7]])` is ranks 0, 2, 4, 6, 7. */
  rangeIncl(ranges: readonly RankRange[]): Group {
    return this.incl(expand("rangeIncl", ranges));
  }

  /** As `excl`, of ranges. */
  rangeExcl(ranges: readonly RankRange[]): Group {
    return this.excl(expand("rangeExcl", ranges));
  }

  /** This group, then those of the other that are not in it. */
  union(other: Group): Group {
    return this.#of([...new Set([...this.ranks, ...other.ranks])]);
  }

  /** Those that are also in the other, in the order of this group. */
  intersection(other: Group): Group {
    const theirs = new Set(other.ranks);
    return this.#of(this.ranks.filter((rank) => theirs.has(rank)));
  }

  /** Those that are not in the other, in the order of this group. */
  difference(other: Group): Group {
    const theirs = new Set(other.ranks);
    return this.#of(this.ranks.filter((rank) => !theirs.has(rank)));
  }

  /** Ranks in the other group of ranks in this one; `undefined` for who is not in it. PROC_NULL stays what it is. */
  translate(ranks: ArrayLike<number>, to: Group): (number | undefined)[] {
    const theirs = new Map(to.ranks.map((world, rank) => [world, rank]));
    return Array.from(ranks, (rank) => {
      if (rank === PROC_NULL) return PROC_NULL;
      this.#check("translate", rank);
      return theirs.get(this.ranks[rank]);
    });
  }

  /** Same members in the same order: "identical"; in another order: "similar"; else "unequal". */
  compare(other: Group): GroupComparison {
    if (this.size !== other.size) return "unequal";
    if (this.ranks.every((rank, i) => rank === other.ranks[i])) return "identical";
    return this.difference(other).size === 0 ? "similar" : "unequal";
  }

  #of(ranks: readonly number[]): Group {
    return new Group(ranks, this.#self);
  }

  #checked(where: string, ranks: ArrayLike<number>): number[] {
    const seen = new Set<number>();
    return Array.from(ranks, (rank) => {
      this.#check(where, rank);
      if (seen.has(rank))
        throw new RangeError(`Group.${where}: rank ${rank} comes twice; name each rank once`);
      seen.add(rank);
      return rank;
    });
  }

  #check(where: string, rank: number): void {
    if (Number.isInteger(rank) && rank >= 0 && rank < this.size) return;
    throw new RangeError(`Group.${where}: ${rank} is not a rank of a group of ${this.size}`);
  }
}

function expand(where: string, ranges: readonly RankRange[]): number[] {
  return ranges.flatMap(([first, last, step = 1]) => {
    if (![first, last, step].every(Number.isInteger) || step === 0)
      throw new RangeError(
        `Group.${where}: [${first}, ${last}, ${step}] is no range; use integers, and a step other than 0`,
      );
    const length = Math.max(0, Math.floor((last - first) / step) + 1);
    return Array.from({ length }, (_, i) => first + i * step);
  });
}
