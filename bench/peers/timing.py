"""The same measurement as programs/timing.ts, with mpi4py."""

import json
import sys
from statistics import median
from time import perf_counter

from mpi4py import MPI

world = MPI.COMM_WORLD
numbers = [float(text) for text in sys.argv[1:]]


def seconds_per_operation(repeat):
    """Median time of one operation, in seconds."""
    batch, batches = numbers[0] / 1000, int(numbers[1])

    def timed(count):
        world.Barrier()
        start = perf_counter()
        repeat(count)
        return perf_counter() - start

    count, spent = 1, 0
    while spent < 0.3:
        elapsed = world.bcast(timed(count))  # ranks go on alike
        spent += elapsed
        if elapsed < batch:
            count *= 2
    return median(timed(count) / count for _ in range(batches))


def sizes():
    return [int(number) for number in numbers[2:]]


def report(**result):
    if world.rank == 0:
        print(json.dumps(result), flush=True)
