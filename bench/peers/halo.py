"""As programs/halo.ts."""

from math import isqrt

import numpy as np
from mpi4py import MPI

from harness import Loop, pattern, rank, size, world, wrong_bytes

rows = next(r for r in range(isqrt(size), 0, -1) if size % r == 0)
columns = size // rows
row, column = divmod(rank, columns)
neighbours = [  # up 0, down 1, left 2, right 3
    rank - columns if row > 0 else MPI.PROC_NULL,
    rank + columns if row < rows - 1 else MPI.PROC_NULL,
    rank - 1 if column > 0 else MPI.PROC_NULL,
    rank + 1 if column < columns - 1 else MPI.PROC_NULL,
]


class Halo(Loop):
    def __init__(self, length):
        self.out = [pattern(length, 4 * rank + d) for d in range(4)]
        self.into = [np.empty(length, np.uint8) for _ in range(4)]

    def clear(self):
        for into in self.into:
            into.fill(0)

    def wrong(self):
        sides = [d for d in range(4) if neighbours[d] != MPI.PROC_NULL]
        return sum(wrong_bytes(self.into[d], 4 * neighbours[d] + (d ^ 1)) for d in sides)

    def repeat(self, turns):
        for _ in range(turns):
            requests = [world.Irecv(self.into[d], neighbours[d], d ^ 1) for d in range(4)]
            requests += [world.Isend(self.out[d], neighbours[d], d) for d in range(4)]
            MPI.Request.Waitall(requests)
