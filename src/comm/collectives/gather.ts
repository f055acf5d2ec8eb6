import { bytesOf, codeOf, isTypedArray, nameOf, pack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { blockOf, type Blocks, collect, spread, total } from "./blocks.js";
import { copyInto, like } from "./buffers.js";
import { bundle, type Item, packedOf, type Received, unbundle, valueOf } from "./bundle.js";
import type { Call } from "./call.js";
import type { Party } from "./party.js";

/** Ranks from which on values come up a tree. */
const TREE_RANKS = 16;
/** A value up to this size travels with others; a longer one goes straight to the root. */
const TRAVEL_BYTES = 4 * 1024;

export const GATHER = { linear, binomial };

/**
 * Collects one value per rank at the root, in rank order. Collective. No rank knows how long the others' values are.
 *
 * @returns The values at the root, `undefined` elsewhere.
 */
export async function gather(call: Call, value: unknown, root: number): Promise<unknown[] | undefined> {
  const own = isTypedArray(value) ? value.slice() : value;
  const items = await algorithmFor(call)(call, { rank: call.rank, packed: pack(value) }, root);
  return items?.map((item) => (item.rank === root ? own : valueOf(item)));
}

/** The same into blocks of one buffer; block `rank` may already hold this rank's value. */
export async function gatherInto(
  call: Call,
  value: TypedArray,
  root: number,
  into?: TypedArray,
  blocks?: Blocks,
): Promise<void> {
  const own = { rank: call.rank, packed: pack(value) };
  const place =
    into === undefined || blocks === undefined
      ? undefined
      : (source: number): TypedArray => blockOf(into, blocks, source);
  const items = await algorithmFor(call)(call, own, root, place);
  if (items === undefined || place === undefined) return;
  for (const item of items) {
    const { rank } = item;
    const packed = packedOf(item);
    const block = place(rank);
    if (packed.code === codeOf(block) && packed.bytes.byteLength === block.byteLength) {
      if (rank === root) copyInto(block, value);
      else if (packed.bytes.buffer !== block.buffer) bytesOf(block).set(packed.bytes);
      continue;
    }
    const count = packed.bytes.byteLength / block.BYTES_PER_ELEMENT;
    throw new RangeError(
      `gather: rank ${rank} sends ${count} elements of ${nameOf(packed.code)}, its block at root ${root} has ${block.length} ` +
        `of ${nameOf(codeOf(block))}; make counts and types agree`,
    );
  }
}

function algorithmFor(call: Call): (typeof GATHER)[keyof typeof GATHER] {
  return choose(call, "gather", GATHER, () => (call.size < TREE_RANKS ? "linear" : "binomial"));
}

type Place = (source: number) => TypedArray;

/** Every rank sends once, the root receives size − 1 messages, all posted at once. */
async function linear(
  party: Party,
  own: Item,
  root: number,
  place?: Place,
): Promise<(Item | Received)[] | undefined> {
  if (party.rank !== root) {
    await party.send(own.packed, root);
    return undefined;
  }
  return receiveFrom(
    party,
    Array.from({ length: party.size }, () => undefined).map((_, rank) => (rank === root ? own : rank)),
    place,
  );
}

/**
 * Up a binomial tree, where each message carries the values of a whole subtree: ⌈log₂ size⌉ rounds. Long values would
 * be sent again and again; they are left out, and go straight to the root.
 */
async function binomial(
  party: Party,
  own: Item,
  root: number,
  place?: Place,
): Promise<(Item | Received)[] | undefined> {
  const { rank, size } = party;
  const virtual = (rank - root + size) % size;
  const travels = own.packed.bytes.byteLength <= TRAVEL_BYTES;
  const held = travels || rank === root ? [own] : [];
  for (let distance = 1; distance < size; distance *= 2) {
    if (virtual & distance) {
      await party.send(pack(bundle(held)), (virtual - distance + root) % size);
      if (!travels) await party.send(own.packed, root);
      return undefined;
    }
    if (virtual + distance >= size) continue;
    held.push(...unbundle((await party.receive((virtual + distance + root) % size)) as Uint8Array));
  }
  const known = new Map(held.map((item) => [item.rank, item]));
  return receiveFrom(
    party,
    Array.from({ length: size }, () => undefined).map((_, source) => known.get(source) ?? source),
    place,
  );
}

/** Completes a list of items by those that come straight from their ranks. */
async function receiveFrom(
  party: Party,
  items: readonly (Item | number)[],
  place?: Place,
): Promise<(Item | Received)[]> {
  const receives = items.map((item) =>
    typeof item === "number" ? { rank: item, receive: party.receive(item, place?.(item)) } : item,
  );
  const whole: (Item | Received)[] = [];
  for (const item of receives) {
    whole.push("packed" in item ? item : { rank: item.rank, value: await item.receive });
  }
  return whole;
}

/**
 * Collects blocks whose lengths every rank knows, in place: a phase of other collectives. Up a binomial tree, each
 * message with the blocks of a subtree.
 */
export async function gatherBlocks(party: Party, x: TypedArray, blocks: Blocks, root: number): Promise<void> {
  const { rank, size } = party;
  const virtual = (rank - root + size) % size;
  const ranksFrom = (first: number, count: number): number[] =>
    Array.from({ length: Math.max(0, Math.min(count, size - first)) }, (_, i) => (first + i + root) % size);
  // The blocks of the other ranks of the subtree pass through this rank beside its own buffer.
  let held = collect(x, blocks, [rank]);
  for (let distance = 1; distance < size; distance *= 2) {
    if (virtual & distance) {
      await party.send(pack(held), (virtual - distance + root) % size);
      return;
    }
    const theirs = ranksFrom(virtual + distance, distance);
    if (theirs.length === 0) continue;
    const incoming = like(x, total(theirs.map((other) => blocks.counts[other])));
    await party.receive(theirs[0], incoming);
    if (virtual === 0) spread(incoming, x, blocks, theirs);
    else held = concat(held, incoming);
  }
}

function concat(a: TypedArray, b: TypedArray): TypedArray {
  const both = like(a, a.length + b.length);
  copyInto(both.subarray(0, a.length), a);
  copyInto(both.subarray(a.length), b);
  return both;
}
