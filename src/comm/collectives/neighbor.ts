import { isTypedArray, pack } from "../envelope.js";
import { PROC_NULL, type TypedArray } from "../types.js";
import { blockOf, type Blocks } from "./blocks.js";
import type { Call } from "./call.js";

/**
 * With whom a rank exchanges: block i goes to `destinations[i]`, block j comes from `sources[j]`. PROC_NULL is a
 * neighbour beyond the edge: nothing moves, and its block stays as it is. A rank may occur more than once.
 */
export interface Neighbors {
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
  /**
   * In which order the messages of one rank belong to the sources, as places in `sources`; default: as they stand.
   * In a Cartesian grid what is sent down arrives from above: [1, 0, 3, 2, …], which matters when an axis has two
   * periodic ranks, so that both neighbours are the same one.
   */
  readonly order?: readonly number[];
}

/**
 * Sends one value to every destination, and collects one from every source. Collective: every rank of the communicator
 * calls it, but messages pass between neighbours only.
 *
 * @returns Values in the order of the sources; `undefined` from PROC_NULL.
 */
export function neighborAllgather(call: Call, neighbors: Neighbors, value: unknown): Promise<unknown[]> {
  return exchangeValues(
    call,
    neighbors,
    neighbors.destinations.map(() => value),
  );
}

/**
 * Sends value i to destination i, and collects one value from every source. Collective.
 *
 * @returns Values in the order of the sources; `undefined` from PROC_NULL.
 */
export function neighborAlltoall(
  call: Call,
  neighbors: Neighbors,
  values: readonly unknown[],
): Promise<unknown[]> {
  const { destinations } = neighbors;
  if (values.length !== destinations.length) {
    throw new RangeError(
      `neighborAlltoall: rank ${call.rank} passes ${values.length} values for ${destinations.length} destinations; pass one each`,
    );
  }
  return exchangeValues(call, neighbors, values);
}

/** As {@link neighborAllgather}: what source j sends lands in block j of `into`, counted in `intoBlocks`. */
export function neighborAllgatherInto(
  call: Call,
  neighbors: Neighbors,
  value: TypedArray,
  into: TypedArray,
  intoBlocks: Blocks,
): Promise<void> {
  const { destinations } = neighbors;
  const same = { counts: destinations.map(() => value.length), displs: destinations.map(() => 0) };
  return neighborAlltoallInto(call, neighbors, value, same, into, intoBlocks);
}

/**
 * Block i of `value` goes to destination i, what source j sends lands in block j of `into`; the two must not overlap.
 * Collective. All receives are posted, then all messages sent; a rank with d neighbours sends d messages.
 */
export async function neighborAlltoallInto(
  call: Call,
  { sources, destinations, order }: Neighbors,
  value: TypedArray,
  blocks: Blocks,
  into: TypedArray,
  intoBlocks: Blocks,
): Promise<void> {
  const receives = (order ?? sources.map((_, i) => i))
    .filter((i) => sources[i] !== PROC_NULL)
    .map((i) => {
      const block = blockOf(into, intoBlocks, i);
      return { source: sources[i], block, receive: call.receive(sources[i], block) };
    });
  const sends = destinations.flatMap((dest, i) =>
    dest === PROC_NULL ? [] : [call.send(pack(blockOf(value, blocks, i)), dest)],
  );
  for (const send of sends) await send;
  for (const { source, block, receive } of receives) {
    await receive;
    const count = receive.status?.count ?? 0;
    if (count === block.length) continue;
    throw new RangeError(
      `neighbor exchange: rank ${source} sends ${count} elements to rank ${call.rank}, which expects ${block.length}; make the counts agree`,
    );
  }
}

async function exchangeValues(
  call: Call,
  { sources, destinations, order }: Neighbors,
  values: readonly unknown[],
): Promise<unknown[]> {
  const received: unknown[] = sources.map(() => undefined);
  const receives = (order ?? sources.map((_, i) => i))
    .filter((i) => sources[i] !== PROC_NULL)
    .map((place) => ({ place, receive: call.receive(sources[place]) }));
  const sends = destinations.flatMap((dest, i) => {
    if (dest === PROC_NULL) return [];
    const value = values[i];
    // To this rank itself a copy goes by way of the engine, as to any other.
    return [call.send(pack(isTypedArray(value) && dest === call.rank ? value.slice() : value), dest)];
  });
  for (const send of sends) await send;
  for (const { place, receive } of receives) received[place] = await receive;
  return received;
}
