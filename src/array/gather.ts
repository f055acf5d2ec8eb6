import type { Communicator } from "../comm/types.js";
import { agreeOn } from "./agree-on.js";
import { Distribution } from "./distribution.js";
import { DistributedArray } from "./distributed-array.js";
import type { LocalArray } from "./local-array.js";
import { Redistribution } from "./redistribute.js";
import { checkAxes, normalizeAxis, sameNumbers } from "./shape.js";
import { checkOptions } from "../options.js";

/** The whole array on `root`, `undefined` elsewhere. Collective: one all-to-all; a replicated array moves nothing. */
export async function gatherTo(root: number, array: DistributedArray): Promise<LocalArray | undefined> {
  const { comm } = array.distribution;
  const whole = await moved("toGlobal", array, onRootAlone(root, array.distribution));
  return comm.rank === root ? whole.block : undefined;
}

/** The whole array on every rank. Collective: one allgather; a replicated array moves nothing. */
export async function gatherEverywhere(array: DistributedArray): Promise<LocalArray> {
  const { comm, dims } = array.distribution;
  return (await moved("asarray", array, new Distribution(comm, dims, { replicated: true }))).block;
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
  return moved(
    "fromGlobal",
    new DistributedArray(onRootAlone(root, distribution), given.dtype, local),
    distribution,
  );
}

/** The array that the ranks' blocks make, one after the other along an axis. Collective: one allgather of their shapes. */
export async function fromBlocks(
  comm: Communicator,
  block: LocalArray,
  options: { axis?: number },
): Promise<DistributedArray> {
  checkOptions("fromBlocks", options, ["axis"]);
  const all = await comm.allgather({ dims: block.space.dims, dtype: block.dtype, axis: options.axis ?? 0 });
  const [{ dims, dtype }] = all;
  const axis = normalizeAxis("fromBlocks", all[0].axis, dims.length);
  all.forEach((other, rank) => {
    if (other.axis !== all[0].axis)
      throw new RangeError(
        `fromBlocks: axis ${other.axis} on rank ${rank}, ${all[0].axis} on rank 0; give one axis`,
      );
    const text = `fromBlocks: ${other.dtype} [${other.dims.join(", ")}] on rank ${rank}, ${dtype} [${dims.join(", ")}] on rank 0`;
    if (other.dtype !== dtype) throw new TypeError(`${text}; give one dtype`);
    if (other.dims.length !== dims.length || !sameNumbers(other.dims.with(axis, 0), dims.with(axis, 0)))
      throw new RangeError(`${text}; they may differ along axis ${axis} only`);
  });
  const lengths = all.map((other) => other.dims[axis]);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const distribution = new Distribution(comm, dims.with(axis, total), {
    grid: dims.map((_, k) => (k === axis ? comm.size : 1)),
    blocks: dims.map((_, k) => (k === axis ? lengths : undefined)),
  });
  return new DistributedArray(distribution, dtype, block.local);
}

/** An array with its axes in another order, in blocks that change with them, or in those of `to`. */
export async function transposed(
  array: DistributedArray,
  axes: readonly number[],
  to?: Distribution,
): Promise<DistributedArray> {
  const from = array.distribution;
  checkAxes("transpose", axes, from.dims.length);
  const permuted = <T>(of: (axis: number) => T) => axes.map(of);
  const dims = permuted((axis) => from.dims[axis]);
  const grid = permuted((axis) => from.grid[axis]);
  const target = to ?? from.with(dims, { grid, blocks: permuted((axis) => from.blocks(axis)) });
  if (!sameNumbers(target.dims, dims)) {
    throw new RangeError(
      `transpose: the result has dims [${dims.join(", ")}], not those of ${target.toString()}`,
    );
  }
  return moved("transpose", array, target, axes);
}

/** A copy of an array in another distribution of equal dims. Collective, at most one all-to-all or allgather. */
export async function moved(
  where: string,
  array: DistributedArray,
  to: Distribution,
  axes?: readonly number[],
): Promise<DistributedArray> {
  await array.verify();
  const target = new DistributedArray(to, array.dtype);
  const plan = new Redistribution(array.distribution, to, axes);
  if (plan.communicates || to.checked) {
    const order = axes ? `axes [${axes.join(", ")}]` : "";
    await agreeOn(to.comm, [where, order, to.describe(), array.distribution.describe()]);
  }
  await plan.run(array.dtype, array.local, target.local);
  plan[Symbol.dispose]();
  return target;
}

/** The whole array on one rank; the others hold nothing. @throws {RangeError} If there is no such rank. */
function onRootAlone(root: number, { comm, dims }: Distribution): Distribution {
  if (!Number.isInteger(root) || root < 0 || root >= comm.size)
    throw new RangeError(`toGlobal: root ${root} of ${comm.size} ranks; use 0 … ${comm.size - 1}`);
  const copies = Array.from({ length: comm.size }, (_, rank) => (rank === root ? 0 : undefined));
  return new Distribution(comm, dims, { copies });
}
