"""As programs/point-to-point.ts."""

import numpy as np
from mpi4py import MPI

from harness import Loop, pattern, rank, size, world, wrong_bytes

WINDOW = 64
partner = (rank + size // 2) % size
starts = rank < size // 2


class Pair(Loop):
    def __init__(self, length):
        self.out = pattern(length, rank)
        self.back = np.empty(length, np.uint8)

    def clear(self):
        self.back.fill(0)

    def wrong(self):
        return wrong_bytes(self.back, partner)


class Latency(Pair):
    per_turn = 2

    def repeat(self, turns):
        out, back, send, recv = self.out, self.back, world.Send, world.Recv
        for _ in range(turns):
            if starts:
                send(out, partner)
            recv(back, partner)
            if not starts:
                send(out, partner)


class LatencyObjects(Loop):
    per_turn = 2

    def __init__(self, length):
        self.out = {"step": rank, "text": "x" * length}

    def clear(self):
        self.last = None

    def wrong(self):
        return 0 if self.last == {**self.out, "step": partner} else 1

    def repeat(self, turns):
        out, send, recv = self.out, world.send, world.recv
        for _ in range(turns):
            if starts:
                send(out, partner)
            self.last = recv(source=partner)
            if not starts:
                send(out, partner)


class Bandwidth(Pair):
    per_turn = WINDOW * (size // 2)

    def wrong(self):
        return 0 if starts else super().wrong()

    def repeat(self, turns):
        out, back = self.out, self.back
        acknowledgement = np.zeros(4, np.uint8)
        for _ in range(turns):
            if starts:
                MPI.Request.Waitall([world.Isend(out, partner) for _ in range(WINDOW)])
                world.Recv(acknowledgement, partner, 1)
            else:
                MPI.Request.Waitall([world.Irecv(back, partner, 0) for _ in range(WINDOW)])
                world.Send(acknowledgement, partner, 1)


class BothWays(Pair):
    per_turn = 2 * WINDOW

    def repeat(self, turns):
        out, back = self.out, self.back
        for _ in range(turns):
            requests = [world.Irecv(back, partner) for _ in range(WINDOW)]
            requests += [world.Isend(out, partner) for _ in range(WINDOW)]
            MPI.Request.Waitall(requests)
