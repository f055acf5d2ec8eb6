import { bytesOf, countOf, codeOf, nameOf, pack, type Packed, unpack } from "../envelope.js";
import { TypeMismatchError } from "../errors.js";
import type { Operation } from "../request.js";
import type { TypedArray } from "../types.js";
import { ringAllgather } from "./allgather.js";
import { blockOf, type Blocks, stripes } from "./blocks.js";
import { part } from "./buffers.js";
import { choose } from "./algorithms.js";
import type { Call } from "./call.js";
import { hostPlan, laneParty, leaderParty } from "./hosts.js";
import { nativeFor } from "./native.js";
import type { Party } from "./party.js";
import { scatterBlocks } from "./scatter.js";
import { Team } from "./team.js";

/**
 * Up to here, the value goes down the tree whole; above, the tree announces its length first, and between hosts all
 * ranks of a host carry a stripe.
 *
 *     bytes  hosts        best flat  hierarchical  striped
 *     32 K   2, network         399           317      495
 *     256 K  3, network        6153          4388     2493
 *     512 K  2, loopback       1007           705      653
 *     512 K  2, network        1876          1294     1167
 *
 * In µs, measured as in allreduce.ts.
 */
const ANNOUNCE_BYTES = 64 * 1024;
/** From here on, a chain of few ranks is kept busy by pieces that follow each other. */
const CHAIN_BYTES = 4 * 1024 * 1024;
const CHAIN_RANKS = 8;
const SEGMENT_BYTES = 256 * 1024;

/** Algorithms for a value whose length every rank knows: `bytes` is the value at the root, its place elsewhere. */
export const BCAST = { binomial, "scatter-allgather": scatterAllgather, chain, hierarchical, striped };

function rule(call: Call, bytes: number): keyof typeof BCAST {
  if (hostPlan(call).pays) return bytes <= ANNOUNCE_BYTES ? "hierarchical" : "striped";
  if (bytes <= ANNOUNCE_BYTES || call.size <= 2) return "binomial";
  return bytes >= CHAIN_BYTES && call.size <= CHAIN_RANKS ? "chain" : "scatter-allgather";
}

/**
 * Gives every rank the root's value. Collective.
 *
 * Only the root knows how long the value is. A short one goes down a binomial tree (through the leaders of hosts first)
 * as it is. Of a long one the tree carries the length only, and all know by it which algorithm follows.
 *
 * @param value - The value at the root; ignored elsewhere.
 * @param into - Where other ranks want the value; exactly as long.
 */
export async function bcast(call: Call, value: unknown, root: number, into?: TypedArray): Promise<unknown> {
  const { rank, size } = call;
  if (size === 1) return value;
  if (rank === root) {
    const packed = pack(value);
    const short = packed.bytes.byteLength <= ANNOUNCE_BYTES && call.members.forced?.bcast === undefined;
    await passDown(call, root, frame(packed, short));
    const { buffer, byteOffset, byteLength } = packed.bytes; // what v8.serialize makes is no plain array of bytes
    if (!short) await whole(call, new Uint8Array(buffer, byteOffset, byteLength), root);
    return value;
  }
  const theirs = readFrame(await passDown(call, root));
  const memory = placeFor(call, root, theirs, into);
  if (theirs.payload === undefined) await whole(call, memory, root);
  else memory.set(theirs.payload);
  return into ?? unpack(theirs.code, memory);
}

function whole(call: Call, bytes: Uint8Array, root: number): Promise<void> {
  const native = nativeFor(call, { name: "bcast", x: bytes, root });
  return (
    native?.() ??
    choose(call, "bcast", BCAST, () => rule(call, bytes.byteLength), bytes.byteLength)(call, bytes, root)
  );
}

/** The same for parties that know the length: phases of other collectives. */
export async function bcastBytes(party: Party, bytes: Uint8Array, root: number): Promise<void> {
  return bytes.byteLength <= ANNOUNCE_BYTES || party.size <= 2
    ? binomial(party, bytes, root)
    : scatterAllgather(party, bytes, root);
}

/** ⌈log₂ size⌉ rounds, each of the whole message; rank r, counted from the root, has it from r without its highest bit. */
async function binomial(party: Party, bytes: Uint8Array, root: number): Promise<void> {
  const { rank, size } = party;
  const { parent, children } = branch((rank - root + size) % size, size);
  if (parent !== undefined) await party.receive((parent + root) % size, bytes);
  const sends = children.map((child) => party.send(pack(bytes), (child + root) % size));
  for (const send of sends) await send;
}

/**
 * The root scatters `size` pieces down a binomial tree, a ring collects them everywhere: 2 (size − 1) / size of the
 * message per rank, in ⌈log₂ size⌉ + size − 1 rounds.
 *
 * @see Barnett, Gupta, Payne, Shuler, van de Geijn & Watts, SHPCC 1994, doi:10.1109/SHPCC.1994.296665
 */
async function scatterAllgather(party: Party, bytes: Uint8Array, root: number): Promise<void> {
  const pieces = stripes(bytes.byteLength, party.size);
  await scatterBlocks(party, bytes, pieces, root);
  await ringAllgather(party, bytes, pieces);
}

/**
 * The message goes from rank to rank in pieces, the next one while the one before is passed on: for pieces of m of n
 * bytes, size − 2 + n / m rounds of m bytes. Every rank sends the message once.
 */
async function chain(party: Party, bytes: Uint8Array, root: number): Promise<void> {
  const { rank, size } = party;
  const place = (rank - root + size) % size;
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += SEGMENT_BYTES)
    pieces.push(part(bytes, at, Math.min(at + SEGMENT_BYTES, bytes.byteLength)));
  const receives = place === 0 ? [] : pieces.map((piece) => party.receive((rank - 1 + size) % size, piece));
  let last: Operation<void> | undefined;
  for (const [i, piece] of pieces.entries()) {
    await receives[i];
    if (place === size - 1) continue;
    const send = party.send(pack(piece), (rank + 1) % size);
    await last; // two under way
    last = send;
  }
  await last;
}

/** A tree between hosts, then one inside each: hosts − 1 messages between hosts, of the whole message. */
async function hierarchical(call: Call, bytes: Uint8Array, root: number): Promise<void> {
  const plan = hostPlan(call);
  const leaders = leaderParty(call, plan, root);
  if (leaders !== undefined) await binomial(leaders, bytes, plan.hostOf[root]);
  await new Team(call, root).bcast(bytes);
}

/**
 * The ranks of the root's host copy the message, each lane carries its stripe to the other hosts, where the ranks
 * collect the stripes: every byte reaches each host once, by as many ranks as the host has.
 *
 * @see Träff, CLUSTER 2020, doi:10.1109/CLUSTER49012.2020.00021
 */
async function striped(call: Call, bytes: Uint8Array, root: number): Promise<void> {
  const plan = hostPlan(call);
  const team = new Team(call, root);
  const atRoot = plan.host === plan.hostOf[root];
  if (atRoot) await team.bcast(bytes);
  const stripe = stripes(bytes.byteLength, plan.lanes);
  const lane = laneParty(call, plan);
  if (lane !== undefined) await bcastBytes(lane, blockOf(bytes, stripe, plan.place), plan.hostOf[root]);
  if (!atRoot) await team.allgather(bytes, padded(stripe, team.party.size, bytes.byteLength));
}

/** Empty blocks for ranks beyond the lanes. */
export function padded(blocks: Blocks, size: number, end: number): Blocks {
  const more = Array.from({ length: size - blocks.counts.length });
  return {
    counts: [...blocks.counts, ...more.map(() => 0)],
    displs: [...blocks.displs, ...more.map(() => end)],
  };
}

// --- the tree that tells the length ------------------------------------------------------------------

/**
 * The first message, from the root down a binomial tree; where it pays, between the leaders of hosts first, then inside
 * each host.
 */
async function passDown(call: Call, root: number, message?: Uint8Array): Promise<Uint8Array> {
  const plan = hostPlan(call);
  if (!plan.pays) return down(call, root, message);
  const team = new Team(call, root);
  const leaders = leaderParty(call, plan, root);
  const whole = leaders && (await down(leaders, plan.hostOf[root], message));
  return team.tell(whole);
}

/** Receives what has a length that only the root knows, and sends it on. */
export async function down(party: Party, root: number, message?: Uint8Array): Promise<Uint8Array> {
  const { rank, size } = party;
  const { parent, children } = branch((rank - root + size) % size, size);
  const whole = message ?? ((await party.receive(((parent ?? 0) + root) % size)) as Uint8Array);
  const sends = children.map((child) => party.send(pack(whole), (child + root) % size));
  for (const send of sends) await send;
  return whole;
}

/** Place in a binomial tree over 0 … size − 1 with root 0; the child with the largest subtree first. */
export function branch(virtual: number, size: number): { parent: number | undefined; children: number[] } {
  let distance = 1;
  while (distance <= virtual) distance *= 2; // first power of two above this rank: it sends from there on
  const parent = virtual === 0 ? undefined : virtual - distance / 2;
  const children = [];
  for (; virtual + distance < size; distance *= 2) children.push(virtual + distance);
  return { parent, children };
}

/** The first message: how long the value is and of which type, and the value itself if it is short. */
interface Frame {
  readonly code: number;
  readonly byteLength: number;
  /** `undefined` for a long value. */
  readonly payload: Uint8Array | undefined;
}

const HEADER_BYTES = 16;

function frame({ code, bytes }: Packed, short: boolean): Uint8Array {
  const message = new Uint8Array(HEADER_BYTES + (short ? bytes.byteLength : 0));
  const header = new DataView(message.buffer);
  header.setFloat64(0, bytes.byteLength, true);
  header.setInt32(8, code, true);
  header.setInt32(12, short ? 1 : 0, true);
  if (short) message.set(bytes, HEADER_BYTES);
  return message;
}

function readFrame(message: Uint8Array): Frame {
  const header = new DataView(message.buffer, message.byteOffset);
  const short = header.getInt32(12, true) === 1;
  return {
    byteLength: header.getFloat64(0, true),
    code: header.getInt32(8, true),
    payload: short ? message.subarray(HEADER_BYTES) : undefined,
  };
}

/** Memory for a value to come: `into`, if it fits. */
function placeFor(
  call: Call,
  root: number,
  { code, byteLength }: Frame,
  into: TypedArray | undefined,
): Uint8Array {
  if (into === undefined) return new Uint8Array(byteLength);
  const [theirs, mine] = [nameOf(code), nameOf(codeOf(into))];
  if (theirs !== mine) {
    throw new TypeMismatchError(
      `bcast: root ${root} sends ${theirs}, into of rank ${call.rank} is of ${mine}; use the same type everywhere`,
    );
  }
  if (byteLength !== into.byteLength) {
    throw new RangeError(
      `bcast: root ${root} sends ${countOf(code, byteLength)} elements, into of rank ${call.rank} has ${into.length}; use equal lengths`,
    );
  }
  return bytesOf(into);
}
