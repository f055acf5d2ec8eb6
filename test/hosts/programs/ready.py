"""Rank 0 says when all ranks have met: the time, in ms since 1970."""
import time

from mpi4py import MPI

MPI.COMM_WORLD.Barrier()
if MPI.COMM_WORLD.rank == 0:
    print(f"ready {time.time() * 1000:.1f}", flush=True)
