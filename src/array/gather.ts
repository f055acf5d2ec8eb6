import { Distribution } from "./distribution.js";
import { DistributedArray } from "./distributed-array.js";
import type { LocalArray } from "./local-array.js";
import { Redistribution } from "./redistribute.js";
import { sameNumbers } from "./shape.js";

/** The whole array on `root`, `undefined` elsewhere. Collective: one all-to-all; a replicated array moves nothing. */
export async function gatherTo(root: number, array: DistributedArray): Promise<LocalArray | undefined> {
  const { comm } = array.distribution;
  const whole = await moved(array, onRootAlone(root, array.distribution));
  return comm.rank === root ? whole.block : undefined;
}

/** The whole array on every rank. Collective: one allgather; a replicated array moves nothing. */
export async function gatherEverywhere(array: DistributedArray): Promise<LocalArray> {
  const { comm, dims } = array.distribution;
  return (await moved(array, new Distribution(comm, dims, { replicated: true }))).block;
}

/**
 * An array whose blocks come from the whole array on `root`. Collective: a small broadcast and one all-to-all.
 *
 * @throws {RangeError} On every rank, if the root's array has other dims, or there is none.
 */
export async function scatterFrom(
  root: number,
  distribution: Distribution,
  full: LocalArray | undefined,
): Promise<DistributedArray> {
  const { comm } = distribution;
  const mine = full && { dtype: full.dtype, dims: full.space.dims };
  const given = await comm.bcast(comm.rank === root ? (mine ?? null) : undefined, { root });
  if (!given || !sameNumbers(given.dims, distribution.dims)) {
    const what = given ? `dims [${given.dims.join(", ")}]` : "no array";
    throw new RangeError(
      `fromGlobal: ${what} on root ${root} for ${distribution.toString()}; give the whole array there`,
    );
  }
  const local = comm.rank === root ? full?.local : undefined;
  return moved(new DistributedArray(onRootAlone(root, distribution), given.dtype, local), distribution);
}

/** A copy of an array in another distribution of equal dims. Collective, at most one all-to-all or allgather. */
export async function moved(array: DistributedArray, to: Distribution): Promise<DistributedArray> {
  const target = new DistributedArray(to, array.dtype);
  const plan = new Redistribution(array.distribution, to);
  await plan.run(array.dtype, array.local, target.local);
  plan[Symbol.dispose]();
  return target;
}

/** The whole array on one rank; the others hold nothing. */
function onRootAlone(root: number, { comm, dims }: Distribution): Distribution {
  const copies = Array.from({ length: comm.size }, (_, rank) => (rank === root ? 0 : undefined));
  return new Distribution(comm, dims, { copies });
}
