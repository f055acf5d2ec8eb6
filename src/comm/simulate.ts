import { GroupCommunicator } from "./communicator.js";
import { WORLD_CONTEXT } from "./context-id.js";
import { Engine } from "./engine.js";
import { PeerLostError, RemoteError } from "./errors.js";
import { SimNetwork, type SimOptions } from "./transports/sim.js";
import type { Communicator } from "./types.js";

/**
 * Runs a program on `size` virtual ranks in this process, over a simulated network: milliseconds instead of processes.
 * Messages are delivered in a random order that the seed fixes. A deadlock is an error, not a hang.
 *
 * @returns What the program returned, by rank.
 * @throws The first error that a rank's program threw; what it caused on other ranks is left out.
 */
export async function simulate<T>(
  size: number,
  program: (comm: Communicator) => Promise<T> | T,
  options: SimOptions = {},
): Promise<T[]> {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new RangeError(`simulate: size ${size} is not a positive integer`);
  const network = new SimNetwork(size, options);
  const ranks = Array.from({ length: size }, (_, rank) => rank);
  const worlds = ranks.map((rank) => {
    const engine = new Engine((sink) => network.attach(rank, sink));
    return new GroupCommunicator(engine, WORLD_CONTEXT, ranks, "world");
  });
  const runs = worlds.map(async (world) => {
    try {
      const result = await program(world);
      await world.engine.settle();
      return result;
    } finally {
      await world.engine.transport.close();
    }
  });
  const outcomes = await Promise.allSettled(runs);
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as unknown] : [],
  );
  if (errors.length > 0) throw errors.find((error) => !isEcho(error)) ?? errors[0];
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}

/** True for an error that only passes on what happened on another rank. */
function isEcho(error: unknown): boolean {
  return error instanceof RemoteError || error instanceof PeerLostError;
}
