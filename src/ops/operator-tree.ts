import { agreeOn, type Asked } from "../array/agree-on.js";
import type { DType } from "../array/dtype.js";
import type { Communicator } from "../comm/types.js";
import { distributionOf } from "./basic/block-space.js";

export type Direction = "matvec" | "rmatvec";

/** What an operator is made of. */
export interface OperatorMakeup {
  /** Default: that of its class. */
  readonly name?: string;
  /** Operators that it applies. */
  readonly parts?: readonly OperatorTree[];
  /**
   * What else must be equal on all ranks: numbers, strings, typed arrays, and arrays and plain objects of these. Compared once,
   * before the first product that sends something.
   */
  readonly given?: readonly unknown[];
  /** Its products are made of those of its parts in the other direction. */
  readonly mirrored?: boolean;
}

/**
 * Operators with the operators that they are made of: how they are described, and how ranks make sure that they have made
 * the same. One wrong rank is then one error on all of them, and not a wrong result, or ranks that wait for each other.
 */
export abstract class OperatorTree {
  /** What errors and descriptions call it; it may be given another name. */
  name: string;
  readonly parts: readonly OperatorTree[];
  /** What it is, whatever it is called. */
  readonly #kind: string;
  readonly #mirrored: boolean;
  #given: readonly unknown[] | undefined;
  #agreement: Promise<void> | undefined;
  /** Directions of products before which there is nothing to compare, or nothing left. */
  readonly #settled = new Set<Direction>();

  constructor({ name = new.target.name, parts = [], given, mirrored = false }: OperatorMakeup) {
    this.name = this.#kind = name;
    this.parts = [...parts];
    this.#given = given;
    this.#mirrored = mirrored;
  }

  abstract readonly model: { toString(): string };
  abstract readonly data: { toString(): string };
  abstract readonly dtype: DType;

  /** Whether such a product sends something: if that of a part does. */
  protected sends(direction: Direction): boolean {
    const partly = this.#mirrored ? opposite(direction) : direction;
    return this.parts.some((part) => part.sends(partly));
  }

  /**
   * Before a product: if it sends something, the ranks compare what the operator and its parts were given. `undefined` if
   * there is nothing to compare, or ranks have agreed before. Else collective: one small allreduce.
   *
   * @throws {RangeError} On all ranks, if one was given something else.
   */
  protected agreement(direction: Direction): Promise<void> | undefined {
    if (this.#settled.has(direction)) return undefined;
    if (this.sends(direction)) return (this.#agreement ??= this.#agree());
    this.#settled.add(direction);
    return undefined;
  }

  /** The operator and its parts, as a tree of lines with names and spaces. Local. */
  describe(): string {
    const branches = this.parts.flatMap((part, i) => {
      const [first, ...rest] = part.describe().split("\n");
      const last = i === this.parts.length - 1;
      return [`${last ? "└─" : "├─"} ${first}`, ...rest.map((line) => `${last ? "  " : "│ "} ${line}`)];
    });
    return [this.toString(), ...branches].join("\n");
  }

  toString(): string {
    return `${this.name} from ${this.model.toString()} to ${this.data.toString()}, ${this.dtype}`;
  }

  async #agree(): Promise<void> {
    const comm = this.#comm;
    const nodes = [...this.#nodes()].filter((node) => node.#given && node.#comm === comm);
    if (comm && nodes.length > 0) await agreeOn(comm, ...nodes.map((node) => node.#asked));
    for (const node of nodes) node.#given = undefined; // done with it
    this.#settled.add("matvec").add("rmatvec");
  }

  /** Where its vectors are, or those of its first part: nowhere, if all is local. */
  get #comm(): Communicator | undefined {
    for (const space of [this.model, this.data]) {
      const comm = distributionOf(space)?.comm;
      if (comm) return comm;
    }
    return this.parts.map((part) => part.#comm).find((comm) => comm);
  }

  get #asked(): Asked {
    const [model, data] = [this.model, this.data].map((space) => distributionOf(space)?.describe() ?? String(space)); // prettier-ignore
    return [this.#kind, model, data, this.dtype, ...(this.#given ?? [])];
  }

  /** This one and all below, each once. */
  #nodes(found = new Set<OperatorTree>()): Set<OperatorTree> {
    if (found.has(this)) return found;
    found.add(this);
    for (const part of this.parts) part.#nodes(found);
    return found;
  }
}

function opposite(direction: Direction): Direction {
  return direction === "matvec" ? "rmatvec" : "matvec";
}
