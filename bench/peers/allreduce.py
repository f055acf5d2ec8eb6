import numpy as np

from timing import report, seconds_per_operation, sizes, world


def allreduce(length):
    x = np.full(length, float(world.rank))
    total = np.empty(length)

    def repeat(count):
        for _ in range(count):
            world.Allreduce(x, total)

    return seconds_per_operation(repeat)


for size in sizes():
    report(bytes=size, seconds=allreduce(size // 8))
