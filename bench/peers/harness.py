"""The same measurement as programs/harness.ts, with mpi4py and NumPy."""

import json
import sys
from statistics import median_high
from time import perf_counter

import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.rank, world.size


class Loop:
    """One benchmark at one size: `repeat(turns)`, and what a turn counts for."""

    per_turn = 1

    def clear(self):
        pass

    def wrong(self):
        return 0


def measure(loop, effort, first):
    loop.clear()
    loop.repeat(1)
    errors = loop.wrong()
    world.Barrier()
    loop.clear()
    timing = time(loop.repeat, loop.per_turn, effort, first)
    errors += loop.wrong()
    return {**timing, "errors": world.allreduce(int(errors))}


def time(repeat, per_turn, effort, first):
    warm_up_ms, batch_ms, batches, budget_ms = effort
    slowest = np.empty(1)

    def timed(turns):
        world.Barrier()
        start = perf_counter()
        repeat(turns)
        elapsed = np.array([(perf_counter() - start) * 1000])
        world.Allreduce(elapsed, slowest, MPI.MAX)  # ranks go on alike
        return float(slowest[0])

    turns, spent = 1, 0.0
    while True:
        elapsed = timed(turns)
        spent += elapsed
        if elapsed >= batch_ms / 2 and spent >= (warm_up_ms if first else warm_up_ms / 4):
            break
        if elapsed < batch_ms:
            turns *= 2
    count, spent, samples = turns * per_turn, 0.0, []
    while len(samples) < batches and (len(samples) < 3 or spent < budget_ms):
        elapsed = timed(turns)
        spent += elapsed
        samples.append(elapsed / 1000 / count)
    return {"seconds": median_high(samples), "min": min(samples), "max": max(samples), "count": count}


def pattern(length, of_rank):
    return (131 * of_rank + 7 * np.arange(length) + 1).astype(np.uint8)


def wrong_bytes(values, of_rank):
    return np.count_nonzero(values != pattern(len(values), of_rank))


def wrong_blocks(values):
    return sum(wrong_bytes(block, r) for r, block in enumerate(values.reshape(size, -1)))


def summands(length):
    return rank + np.arange(length) % 8.0


def wrong_sums(values, start=0):
    return np.count_nonzero(values != size * (size - 1) / 2 + size * ((start + np.arange(len(values))) % 8))


def report(**result):
    if rank == 0:
        print(json.dumps(result), flush=True)
