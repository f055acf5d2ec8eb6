import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
one, ranks = np.ones(1), np.zeros(1)
world.Allreduce(one, ranks)
if world.rank == 0:
    print(f"hello from {int(ranks[0])} ranks")
