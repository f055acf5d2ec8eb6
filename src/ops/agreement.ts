import type { BlockSpace } from "../array/blocks.js";
import { Hash } from "../array/hash.js";
import { distributionOf } from "./basic/block-space.js";

/**
 * Arguments of an operator that must be equal on all ranks, compared once: before the first product that sends something. One
 * wrong rank is then one error on all of them, and not a wrong result, or ranks that wait for each other. Local products
 * stay local.
 */
export class Agreement {
  readonly #name: string;
  readonly #spaces: readonly BlockSpace<unknown>[];
  #values: readonly unknown[] | undefined;
  #comparing: Promise<void> | undefined;

  /** @param values - Numbers, strings, typed arrays, and arrays and plain objects of these. */
  constructor(name: string, spaces: readonly BlockSpace<unknown>[], values: readonly unknown[]) {
    this.#name = name;
    this.#spaces = spaces;
    this.#values = values;
  }

  /**
   * `undefined` if ranks have agreed before, or there is only one. Else collective: one allgather of a number, and if they
   * differ two broadcasts of a text.
   *
   * @throws {RangeError} On all ranks, if one has other arguments.
   */
  check(): Promise<void> | undefined {
    const comm = this.#spaces.find((space) => space.comm)?.comm;
    if (!this.#values || !comm || comm.size === 1) return undefined;
    this.#comparing ??= this.#compare(comm, [this.#name, ...this.#spaces.map(partsOf), ...this.#values]);
    return this.#comparing;
  }

  async #compare(comm: NonNullable<BlockSpace<unknown>["comm"]>, values: readonly unknown[]): Promise<void> {
    const hash = new Hash();
    addTo(hash, values);
    const hashes = await comm.allgather(hash.value);
    const odd = hashes.findIndex((value) => value !== hashes[0]);
    if (odd < 0) {
      this.#values = undefined; // done with them
      return;
    }
    const texts = values.map(show);
    const [first, other] = [await comm.bcast(texts, { root: 0 }), await comm.bcast(texts, { root: odd })];
    const at = first.findIndex((text, k) => text !== other[k]);
    throw new RangeError(
      `${first[0]}: other arguments on rank ${odd} than on rank 0: ${other[at] ?? "numbers"} and not ` +
        `${first[at] ?? "the same"}; make it of the same on all ranks`,
    );
  }
}

function partsOf(space: BlockSpace<unknown>): unknown {
  const distribution = distributionOf(space);
  return [space.toString(), space.dims.map((_, axis) => distribution?.offsets(axis))];
}

function addTo(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) hash.add(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else if (Array.isArray(value)) for (const item of value) addTo(hash, item);
  else if (typeof value === "object" && value !== null) addTo(hash, Object.entries(value));
  else hash.add(new TextEncoder().encode(`${typeof value} ${String(value)};`));
}

const LONGEST = 60;

/** In a few words. */
function show(value: unknown): string {
  if (typeof value === "string") return value;
  const text =
    JSON.stringify(value, (_, part: unknown) =>
      ArrayBuffer.isView(part) ? Array.from(part as unknown as ArrayLike<number>).slice(0, 20) : part,
    ) ?? String(value); // prettier-ignore
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
