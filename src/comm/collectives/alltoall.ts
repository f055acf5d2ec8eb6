import { isTypedArray, pack } from "../envelope.js";
import type { Operation } from "../request.js";
import type { TypedArray } from "../types.js";
import { choose } from "./algorithms.js";
import { blockOf, type Blocks, inOrder } from "./blocks.js";
import { copyInto, like, part } from "./buffers.js";
import type { Call } from "./call.js";
import { hostPlan, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import { exchange, type Party } from "./party.js";
import { Team } from "./team.js";

/** Between few bytes per pair and many: below, fewer rounds pay; above, sending every byte once. */
const BRUCK_BYTES = 1024;
const BRUCK_RANKS = 8;
/** Messages that a rank has under way at once. */
const IN_FLIGHT = 16;

/** Between equal blocks, one after the other: `count` elements per pair of ranks. Blocks of any length go `linear`. */
export const ALLTOALL = { linear: linearEqual, pairwise, bruck, hierarchical };

function rule(call: Call, bytes: number): keyof typeof ALLTOALL {
  if (bytes > BRUCK_BYTES) return "linear";
  if (hostPlan(call).pays) return "hierarchical";
  return call.size >= BRUCK_RANKS ? "bruck" : "linear";
}

/** Sends value i to rank i, and collects what every rank sent to this one. Collective; as {@link linear}. */
export async function alltoall(call: Call, values: readonly unknown[]): Promise<unknown[]> {
  const { rank, size } = call;
  const own = values[rank];
  const received: unknown[] = Array.from({ length: size });
  received[rank] = isTypedArray(own) ? own.slice() : own;
  await windowed(
    size - 1,
    (step) => ({
      send: call.send(pack(values[(rank + step) % size]), (rank + step) % size),
      receive: call.receive((rank - step + size) % size),
    }),
    (step, value) => (received[(rank - step + size) % size] = value),
  );
  return received;
}

/** The same between blocks of two buffers, which must not overlap; blocks may have any lengths. */
export async function alltoallInto(
  call: Call,
  values: TypedArray,
  blocks: Blocks,
  into: TypedArray,
  intoBlocks: Blocks,
): Promise<void> {
  if (call.signature.count < 0) return linear(call, values, blocks, into, intoBlocks);
  const count = values.length / call.size; // equal blocks, one after the other, as all have agreed
  const bytes = count * values.BYTES_PER_ELEMENT;
  const native = nativeFor(call, { name: "alltoall", x: values, into, count });
  await (native?.() ??
    choose(call, "alltoall", ALLTOALL, () => rule(call, bytes), bytes)(call, values, into, count));
}

/**
 * Every pair exchanges its blocks directly: size − 1 messages, every byte once. In step k a rank sends to the one k
 * further on, so that no rank is everybody's first; at most {@link IN_FLIGHT} steps are under way.
 */
export async function linear(
  party: Party,
  values: TypedArray,
  blocks: Blocks,
  into: TypedArray,
  intoBlocks: Blocks,
): Promise<void> {
  const { rank, size } = party;
  copyInto(blockOf(into, intoBlocks, rank), blockOf(values, blocks, rank));
  await windowed(
    size - 1,
    (step) => {
      const [dest, source] = [(rank + step) % size, (rank - step + size) % size];
      const receive = party.receive(source, blockOf(into, intoBlocks, source));
      return { send: party.send(pack(blockOf(values, blocks, dest)), dest), receive };
    },
    (step, value) => {
      const source = (rank - step + size) % size;
      const [count, expected] = [(value as TypedArray).length, intoBlocks.counts[source]];
      if (count === expected) return;
      throw new RangeError(
        `alltoall: rank ${source} sends ${count} elements to rank ${rank}, which expects ${expected}; make the counts agree`,
      );
    },
  );
}

/** Runs steps 1 … `steps`, so many at a time, and hands on in order what each received. */
async function windowed(
  steps: number,
  begin: (step: number) => { send: Operation<void>; receive: Operation<unknown> },
  end: (step: number, value: unknown) => void,
): Promise<void> {
  const underWay = new Map<number, ReturnType<typeof begin>>();
  for (let step = 1; step <= steps + IN_FLIGHT; step++) {
    if (step <= steps) underWay.set(step, begin(step));
    const done = underWay.get(step - IN_FLIGHT);
    if (done === undefined) continue;
    underWay.delete(step - IN_FLIGHT);
    await done.send;
    end(step - IN_FLIGHT, await done.receive);
  }
}

function equal(count: number, size: number): Blocks {
  return inOrder(Array.from({ length: size }, () => count));
}

async function linearEqual(party: Party, values: TypedArray, into: TypedArray, count: number): Promise<void> {
  const blocks = equal(count, party.size);
  await linear(party, values, blocks, into, blocks);
}

/** One pair at a time: in step k with the ranks k further on and back. */
async function pairwise(party: Party, values: TypedArray, into: TypedArray, count: number): Promise<void> {
  const { rank, size } = party;
  const blocks = equal(count, size);
  copyInto(blockOf(into, blocks, rank), blockOf(values, blocks, rank));
  for (let step = 1; step < size; step++) {
    const [dest, source] = [(rank + step) % size, (rank - step + size) % size];
    await exchange(party, blockOf(values, blocks, dest), dest, blockOf(into, blocks, source), source);
  }
}

/**
 * A block that has d ranks to go travels by the powers of two in d: ⌈log₂ size⌉ rounds of about half of all blocks each.
 *
 * @see Bruck, Ho, Kipnis, Upfal & Weathersby, IEEE TPDS 8(11), 1997, doi:10.1109/71.642949
 */
async function bruck(party: Party, values: TypedArray, into: TypedArray, count: number): Promise<void> {
  const { rank, size } = party;
  const blocks = equal(count, size);
  // Block d of `held` is on its way to the rank d further on from where it started, which is d − (what it has gone).
  const held = like(values);
  for (let d = 0; d < size; d++)
    copyInto(blockOf(held, blocks, d), blockOf(values, blocks, (rank + d) % size));
  for (let distance = 1; distance < size; distance *= 2) {
    const moving = Array.from({ length: size }, (_, d) => d).filter((d) => d & distance);
    const out = like(values, moving.length * count);
    const incoming = like(out);
    moving.forEach((d, i) => copyInto(part(out, i * count, (i + 1) * count), blockOf(held, blocks, d)));
    await exchange(party, out, (rank + distance) % size, incoming, (rank - distance + size) % size);
    moving.forEach((d, i) => copyInto(blockOf(held, blocks, d), part(incoming, i * count, (i + 1) * count)));
  }
  for (let d = 0; d < size; d++)
    copyInto(blockOf(into, blocks, (rank - d + size) % size), blockOf(held, blocks, d));
}

/**
 * Leaders collect what the ranks of their hosts send, exchange one message per pair of hosts, and hand out what came:
 * hosts − 1 messages a host between hosts, instead of one per pair of ranks.
 */
async function hierarchical(call: Call, values: TypedArray, into: TypedArray, count: number): Promise<void> {
  const { size } = call;
  const plan = hostPlan(call);
  const { hosts, host } = plan;
  const team = new Team(call);
  const leaders = leaderParty(call, plan);
  const mine = hosts[host];
  const rows = equal(size * count, mine.length);
  // Row i: what rank mine[i] sends to all; later, what it gets from all.
  const table = like(values, mine.length * size * count);
  copyInto(blockOf(table, rows, plan.place), values);
  await team.gather(table, rows);
  if (leaders !== undefined) {
    const at = (row: number, rank: number): TypedArray =>
      part(table, (row * size + rank) * count, (row * size + rank + 1) * count);
    const bounds = inOrder(hosts.map((ranks) => mine.length * ranks.length * count));
    const out = like(values, table.length);
    const incoming = like(out);
    let offset = 0;
    const next = (buffer: TypedArray): TypedArray => part(buffer, offset, (offset += count));
    for (const ranks of hosts)
      for (const dest of ranks) for (const row of mine.keys()) copyInto(next(out), at(row, dest));
    await linear(leaders, out, bounds, incoming, bounds);
    offset = 0;
    // A host sends, for each rank here, what each of its ranks has for it.
    for (const ranks of hosts)
      for (const row of mine.keys()) for (const source of ranks) copyInto(at(row, source), next(incoming));
  }
  await team.scatter(table, rows);
  copyInto(into, blockOf(table, rows, plan.place));
}
