import numpy as np

from timing import report, seconds_per_operation, sizes, world

rank = world.rank


def ping_pong(size):
    out = np.zeros(size, dtype=np.uint8)
    back = np.zeros(size, dtype=np.uint8)

    def repeat(count):
        for _ in range(count):
            if rank == 0:
                world.Send(out, 1)
            world.Recv(back, 1 - rank)
            if rank == 1:
                world.Send(out, 0)

    return seconds_per_operation(repeat) / 2


for size in sizes():
    report(bytes=size, seconds=ping_pong(size))
