import type { Communicator } from "../comm/types.js";
import { Hash } from "./hash.js";

/** What a rank asks for: the name of a call or an operator, and numbers, strings, typed arrays, or arrays and plain objects of these. */
export type Asked = readonly [where: string, ...values: unknown[]];

/**
 * Compares what the ranks of a communicator ask for, before anything is sent that would go wrong if they asked for
 * different things. Collective: an allreduce of two numbers, and an allgather of texts if they differ. Local on one rank.
 *
 * @throws {RangeError} On every rank, if one asks for something else; names it, and what it asks for.
 */
export async function agreeOn(comm: Communicator, ...asked: readonly Asked[]): Promise<void> {
  if (comm.size === 1) return;
  const { value } = addTo(new Hash(), asked);
  const extremes = Float64Array.of(value, -value);
  await comm.allreduce(extremes, { op: "max", into: extremes });
  if (extremes[0] === -extremes[1]) return;
  const all = await comm.allgather({ value, texts: asked.map((each) => each.map(show)) });
  const counts = new Map<number, number>();
  for (const each of all) counts.set(each.value, (counts.get(each.value) ?? 0) + 1);
  const [usual] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most));
  const [first, odd] = [true, false].map((same) => all.findIndex((each) => (each.value === usual) === same));
  throw new RangeError(
    `${difference(all[first].texts, first, all[odd].texts, odd)}; all ranks must ask for the same`,
  );
}

/** The first thing in which two ranks differ, in words. */
function difference(
  usual: readonly (readonly string[])[],
  first: number,
  other: readonly (readonly string[])[],
  odd: number,
): string {
  for (let k = 0; k < Math.max(usual.length, other.length); k++) {
    const [its, ours] = [other[k] ?? ["nothing"], usual[k] ?? ["nothing"]];
    const at = ours.findIndex((text, i) => text !== its[i]);
    if (at >= 0) return `${ours[0]}: rank ${odd} asks for ${its[at]}, rank ${first} for ${ours[at]}`;
  }
  return `${usual[0][0]}: rank ${odd} asks for other numbers than rank ${first}`;
}

function addTo(hash: Hash, value: unknown): Hash {
  if (ArrayBuffer.isView(value)) hash.add(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else if (Array.isArray(value)) for (const item of value) addTo(hash, item);
  else if (typeof value === "object" && value !== null) addTo(hash, Object.entries(value));
  else hash.add(new TextEncoder().encode(`${typeof value} ${String(value)};`));
  return hash;
}

const LONGEST = 60;

/** In a few words. */
function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value); // also what JSON does not have
  const text =
    JSON.stringify(value, (_, part: unknown) =>
      ArrayBuffer.isView(part) ? Array.from(part as unknown as ArrayLike<number>).slice(0, 20) : part,
    ) ?? String(value); // prettier-ignore
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
