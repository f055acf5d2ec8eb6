import {
  cgls,
  DistributedArray,
  Distribution,
  zeroPhaseBoxcar,
  PoststackLinearModelling,
  ricker,
} from "tsmpi";
import type { CglsState, Communicator } from "tsmpi";
import type { Survey } from "./survey.js";

export interface Inversion {
  readonly truth: DistributedArray;
  readonly background: DistributedArray;
  readonly data: DistributedArray;
  readonly inverted: DistributedArray;
  readonly status: string;
  readonly iterations: number;
  /** ‖d − A m‖₂ before each iteration and after the last. */
  readonly cost: readonly number[];
  /** Of the solver alone, on the slowest rank. */
  readonly seconds: number;
  /** Part of the time that ranks spent waiting for messages, on average. */
  readonly waiting: number;
  /** ‖m − truth‖₂ / ‖truth‖₂ of the inverted model, and of the background. */
  readonly error: number;
  readonly backgroundError: number;
}

const SMOOTHING = [5, 30, 20]; // cells along y, x, z

/**
 * Models post-stack data of a survey and inverts them for the model, by CGLS from a smooth background. Collective.
 * Arrays are split along y, so that each trace lies on one rank: the solver's two reductions per iteration are all
 * that ranks say to each other.
 */
export async function invert(
  comm: Communicator,
  survey: Survey,
  maxIterations: number,
  watch: (state: CglsState<DistributedArray>) => void,
): Promise<Inversion> {
  const space = new Distribution(comm, survey.dims);
  const wavelet = ricker(21, 0.004, 15); // 21 samples of the right half, 4 ms, 15 Hz
  const A = new PoststackLinearModelling(wavelet, space);

  const truth = DistributedArray.fromFunction(space, survey.lnImpedance);
  const background = await smooth(comm, survey, space);
  const data = await A.matvec(truth);

  await comm.barrier();
  const start = performance.now();
  const waitedBefore = comm.statistics.waitMs;
  const result = await cgls(A, data, { x0: background, maxIterations, rtol: 0, callback: watch });
  const elapsedMs = performance.now() - start;
  const [waitedMs] = await comm.allreduce(Float64Array.of(comm.statistics.waitMs - waitedBefore));
  const slowestMs = await comm.allreduce(elapsedMs, { op: "max" });

  const { model: inverted, status, iterations, cost } = result;
  const scratch = truth.like();
  const error = async (model: DistributedArray) => {
    return (await scratch.copyFrom(model).axpy(-1, truth).norm()) / (await truth.norm());
  };
  return {
    truth,
    background,
    data,
    inverted,
    status,
    iterations,
    cost,
    seconds: slowestMs / 1000,
    waiting: waitedMs / comm.size / slowestMs,
    error: await error(inverted),
    backgroundError: await error(background),
  };
}

/** The model through zero-phase moving averages along y, x and z, each along an axis that lies whole on a rank. */
async function smooth(comm: Communicator, survey: Survey, space: Distribution): Promise<DistributedArray> {
  const splitAlongX = new Distribution(comm, survey.dims, { grid: [1, comm.size, 1] });
  const model = DistributedArray.fromFunction(splitAlongX, survey.lnImpedance);
  zeroPhaseBoxcar(model.block, SMOOTHING[0], 0);
  const smoothed = comm.size === 1 ? model : await model.redistribute(space);
  zeroPhaseBoxcar(smoothed.block, SMOOTHING[1], 1);
  zeroPhaseBoxcar(smoothed.block, SMOOTHING[2], 2);
  return smoothed;
}
