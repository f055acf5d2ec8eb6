"""As programs/collectives.ts."""

from math import ceil
from time import perf_counter

import numpy as np

from harness import (
    Loop,
    measure,
    pattern,
    rank,
    size,
    summands,
    time,
    world,
    wrong_blocks,
    wrong_bytes,
    wrong_sums,
)


class Barrier(Loop):
    def __init__(self, _):
        pass

    def repeat(self, turns):
        for _ in range(turns):
            world.Barrier()


class Bcast(Loop):
    def __init__(self, length):
        self.into = np.empty(length, np.uint8)

    def clear(self):
        self.into[:] = pattern(len(self.into), 0) if rank == 0 else 0

    def wrong(self):
        return wrong_bytes(self.into, 0)

    def repeat(self, turns):
        for i in range(turns):
            world.Bcast(self.into, i % size)


class Sum(Loop):
    def __init__(self, length):
        self.x = summands(length // 8)
        self.into = np.empty(len(self.x))

    def clear(self):
        self.into.fill(-1)

    def wrong(self):
        return wrong_sums(self.into)


class Allreduce(Sum):
    def repeat(self, turns):
        for _ in range(turns):
            world.Allreduce(self.x, self.into)


class Reduce(Sum):
    last = 0

    def wrong(self):
        return super().wrong() if rank == self.last else 0

    def repeat(self, turns):
        for i in range(turns):
            self.last = i % size
            world.Reduce(self.x, self.into, root=self.last)


class ReduceScatter(Sum):
    def __init__(self, length):
        super().__init__(length)
        share, more = divmod(len(self.x), size)
        self.counts = [share + (r < more) for r in range(size)]
        self.start = sum(self.counts[:rank])
        self.into = np.empty(self.counts[rank])

    def wrong(self):
        return wrong_sums(self.into, self.start)

    def repeat(self, turns):
        for _ in range(turns):
            world.Reduce_scatter(self.x, self.into, self.counts)


class Blocks(Loop):
    def __init__(self, length):
        self.out = pattern(length, rank)
        self.into = np.empty(length * size, np.uint8)

    def clear(self):
        self.into.fill(0)

    def wrong(self):
        return wrong_blocks(self.into)


class Allgather(Blocks):
    def repeat(self, turns):
        for _ in range(turns):
            world.Allgather(self.out, self.into)


class Alltoall(Blocks):
    def __init__(self, length):
        super().__init__(length)
        self.out = np.tile(self.out, size)

    def repeat(self, turns):
        for _ in range(turns):
            world.Alltoall(self.out, self.into)


class Gather(Blocks):
    last = 0

    def wrong(self):
        return super().wrong() if rank == self.last else 0

    def repeat(self, turns):
        for i in range(turns):
            self.last = i % size
            world.Gather(self.out, self.into, self.last)


class Scatter(Blocks):
    def __init__(self, length):
        self.out = np.concatenate([pattern(length, r) for r in range(size)])
        self.into = np.empty(length, np.uint8)

    def wrong(self):
        return wrong_bytes(self.into, rank)

    def repeat(self, turns):
        for i in range(turns):
            world.Scatter(self.out, self.into, i % size)


def iallreduce(length, effort, first):
    loop = Allreduce(length)
    pure = measure(loop, effort, first)
    steps = ceil(pure["seconds"] / seconds_per_step())

    def both(turns):
        for _ in range(turns):
            request = world.Iallreduce(loop.x, loop.into)
            work(steps)
            request.Wait()

    alone = time(lambda turns: work(steps * turns), 1, effort, False)
    return {
        **time(both, 1, effort, False),
        "pureSeconds": pure["seconds"],
        "computeSeconds": alone["seconds"],
        "errors": pure["errors"],
    }


def work(steps):
    y = 1.0
    for _ in range(steps):
        y = y * 0.999999 + 1e-6
    return y


def seconds_per_step():
    def once():
        start = perf_counter()
        work(100_000)
        return perf_counter() - start

    return min(once() for _ in range(5)) / 100_000
