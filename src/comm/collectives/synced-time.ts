import { pack } from "../envelope.js";
import type { Call } from "./call.js";

/** Exchanges with the rank above; the quickest one counts. */
const ROUNDS = 20;

/** A clock that all ranks of a communicator read alike, as well as messages allow. */
export class SyncedTime {
  /** What this rank's `performance.now()` lacks to that of rank 0, in milliseconds. */
  readonly offsetMs: number;
  /** The offset was off by no more than this when it was measured; clocks drift apart after that. */
  readonly errorMs: number;

  constructor(offsetMs: number, errorMs: number) {
    this.offsetMs = offsetMs;
    this.errorMs = errorMs;
  }

  /** Milliseconds on the clock of rank 0, which are its `performance.now()`. Local. */
  now(): number {
    return performance.now() + this.offsetMs;
  }
}

/**
 * Measures how far the clocks of all ranks are from that of rank 0. Collective.
 *
 * A rank asks the one above it in a binomial tree for its time, again and again: of the exchange with the shortest round
 * trip the answer was given somewhere in between, so half the round trip bounds the error of taking the middle. Offsets
 * and errors add up along the tree: ⌈log₂ size⌉ levels of {@link ROUNDS} round trips.
 *
 * @see Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989, doi:10.1007/BF01784024
 */
export async function syncedTime(call: Call): Promise<SyncedTime> {
  const { rank, size } = call;
  const lowest = rank & -rank; // 0 at the root
  const time = rank === 0 ? new SyncedTime(0, 0) : await ask(call, rank - lowest);
  // Larger subtrees first: they have the longer way to go.
  const largest = 2 ** Math.ceil(Math.log2(size));
  for (let distance = (rank === 0 ? largest : lowest) / 2; distance >= 1; distance /= 2)
    if (rank + distance < size) await answer(call, rank + distance, time);
  return time;
}

async function ask(call: Call, above: number): Promise<SyncedTime> {
  let best = { roundMs: Infinity, offsetMs: 0, errorMs: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const sent = performance.now();
    const answered = call.receive(above);
    await call.send(QUESTION, above);
    const [theirs, offsetMs, errorMs] = (await answered) as Float64Array;
    const received = performance.now();
    const roundMs = received - sent;
    if (roundMs >= best.roundMs) continue;
    best = {
      roundMs,
      offsetMs: theirs - (sent + received) / 2 + offsetMs,
      errorMs: roundMs / 2 + errorMs,
    };
  }
  return new SyncedTime(best.offsetMs, best.errorMs);
}

async function answer(call: Call, below: number, { offsetMs, errorMs }: SyncedTime): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await call.receive(below);
    await call.send(pack(Float64Array.of(performance.now(), offsetMs, errorMs)), below);
  }
}

const QUESTION = pack(new Uint8Array(0));
