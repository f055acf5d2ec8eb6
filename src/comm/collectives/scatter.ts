import { bytesOf, isTypedArray, pack, unpack } from "../envelope.js";
import type { TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { blockOf, type Blocks, collect, total } from "./blocks.js";
import { copyInto, like, part } from "./buffers.js";
import { bundle, type Item, packedOf, type Received, unbundle, valueOf } from "./bundle.js";
import type { Call } from "./call.js";
import type { Party } from "./party.js";

/** Ranks from which on values go down a tree. */
const TREE_RANKS = 16;
/** A value up to this size travels with others; a longer one comes straight from the root. */
const TRAVEL_BYTES = 4 * 1024;

export const SCATTER = { linear, binomial };

/** Gives rank i the root's value i. Collective. Only the root knows how long the values are. */
export async function scatter(
  call: Call,
  values: readonly unknown[] | undefined,
  root: number,
): Promise<unknown> {
  const items = values?.map((value, rank) => ({ rank, packed: pack(value) }));
  const item = await algorithmFor(call)(call, items, root);
  if (values === undefined) return valueOf(item);
  const own = values[call.rank];
  return isTypedArray(own) ? own.slice() : own;
}

/** The same from blocks of one buffer, into a buffer as long as this rank's block. */
export async function scatterInto(
  call: Call,
  root: number,
  into: TypedArray,
  values?: TypedArray,
  blocks?: Blocks,
): Promise<void> {
  const items =
    values && blocks?.counts.map((_, rank) => ({ rank, packed: pack(blockOf(values, blocks, rank)) }));
  const { code, bytes } = packedOf(await algorithmFor(call)(call, items, root, into));
  if (code === pack(into).code && bytes.byteLength === into.byteLength) {
    if (bytes.buffer !== into.buffer || bytes.byteOffset !== into.byteOffset) bytesOf(into).set(bytes);
    return;
  }
  const sent = unpack(code, bytes);
  const count = isTypedArray(sent) ? `${sent.length} elements of ${sent.constructor.name}` : typeof sent;
  throw new RangeError(
    `scatter: root ${root} sends ${count} to rank ${call.rank}, whose into is ${into.constructor.name}(${into.length}); use equal types and lengths`,
  );
}

function algorithmFor(call: Call): (typeof SCATTER)[keyof typeof SCATTER] {
  return choose(call, "scatter", SCATTER, () => (call.size < TREE_RANKS ? "linear" : "binomial"));
}

/** The root sends size − 1 messages, all at once. */
async function linear(
  party: Party,
  items: readonly Item[] | undefined,
  root: number,
  into?: TypedArray,
): Promise<Item | Received> {
  if (items === undefined) return receiveValue(party, root, into);
  const sends = items
    .filter(({ rank }) => rank !== party.rank)
    .map(({ rank, packed }) => party.send(packed, rank));
  for (const send of sends) await send;
  return items[party.rank];
}

/**
 * Down a binomial tree, where each message carries the values of a whole subtree: ⌈log₂ size⌉ rounds. Long values would
 * be sent again and again; they are left out, and follow straight from the root.
 */
async function binomial(
  party: Party,
  items: readonly Item[] | undefined,
  root: number,
  into?: TypedArray,
): Promise<Item | Received> {
  const { rank, size } = party;
  const virtual = (rank - root + size) % size;
  let distance = 1;
  while (distance < size && (virtual & distance) === 0) distance *= 2; // the subtree of this rank is so large
  const held =
    items?.filter(({ packed }) => packed.bytes.byteLength <= TRAVEL_BYTES) ??
    unbundle((await party.receive((virtual - distance + root) % size)) as Uint8Array);
  const sends = [];
  for (distance /= 2; distance >= 1; distance /= 2) {
    if (virtual + distance >= size) continue;
    const theirs = held.filter((item) => {
      const place = (item.rank - root + size) % size;
      return place >= virtual + distance && place < virtual + 2 * distance;
    });
    sends.push(party.send(pack(bundle(theirs)), (virtual + distance + root) % size));
  }
  for (const item of items ?? []) {
    if (item.packed.bytes.byteLength > TRAVEL_BYTES && item.rank !== rank)
      sends.push(party.send(item.packed, item.rank));
  }
  for (const send of sends) await send;
  const own = items?.[rank] ?? held.find((item) => item.rank === rank);
  return own ?? receiveValue(party, root, into);
}

async function receiveValue(party: Party, root: number, into: TypedArray | undefined): Promise<Received> {
  return { rank: party.rank, value: await party.receive(root, into) };
}

/**
 * Scatters blocks whose lengths every rank knows, in place: a phase of other collectives. Down a binomial tree, each
 * message with the blocks of a subtree; (size − 1) / size of the buffer leaves the root, in ⌈log₂ size⌉ messages.
 */
export async function scatterBlocks(
  party: Party,
  x: TypedArray,
  blocks: Blocks,
  root: number,
): Promise<void> {
  const { rank, size } = party;
  const virtual = (rank - root + size) % size;
  const ranksFrom = (first: number, count: number): number[] =>
    Array.from({ length: Math.max(0, Math.min(count, size - first)) }, (_, i) => (first + i + root) % size);
  let distance = 1;
  while (distance < size && (virtual & distance) === 0) distance *= 2;
  const subtree = ranksFrom(virtual, distance);
  // A rank below the root holds the blocks of its subtree one after the other, its own first.
  let held = part(x, 0, 0);
  if (virtual > 0) {
    held = like(x, total(subtree.map((other) => blocks.counts[other])));
    await party.receive((virtual - distance + root) % size, held);
    copyInto(blockOf(x, blocks, rank), part(held, 0, blocks.counts[rank]));
  }
  const sends = [];
  for (distance /= 2; distance >= 1; distance /= 2) {
    const theirs = ranksFrom(virtual + distance, distance);
    if (theirs.length === 0) continue;
    const start = total(subtree.slice(0, distance).map((other) => blocks.counts[other]));
    const length = total(theirs.map((other) => blocks.counts[other]));
    const out = virtual === 0 ? collect(x, blocks, theirs) : part(held, start, start + length);
    sends.push(party.send(pack(out), theirs[0]));
  }
  for (const send of sends) await send;
}
