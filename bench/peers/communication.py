"""As programs/communication.ts: mpirun -n 2 python3 communication.py 300 40 11 2000 latency:8,1024 allreduce:8"""

import sys
from time import time as seconds_since_1970

import collectives
import point_to_point as pairs
from halo import Halo
from harness import measure, report, world

world.Barrier()
ready = seconds_since_1970() * 1000

LOOPS = {
    "latency": pairs.Latency,
    "latency_objects": pairs.LatencyObjects,
    "multi_lat": pairs.Latency,
    "bw": pairs.Bandwidth,
    "mbw_mr": pairs.Bandwidth,
    "bibw": pairs.BothWays,
    "barrier": collectives.Barrier,
    "bcast": collectives.Bcast,
    "allreduce": collectives.Allreduce,
    "reduce": collectives.Reduce,
    "reduce_scatter": collectives.ReduceScatter,
    "allgather": collectives.Allgather,
    "alltoall": collectives.Alltoall,
    "gather": collectives.Gather,
    "scatter": collectives.Scatter,
    "halo": Halo,
}


def run(name, length, first):
    if name == "init":
        return {"seconds": 0, "readyAt": ready}
    if name == "iallreduce":
        return collectives.iallreduce(length, effort, first)
    return measure(LOOPS[name](length), effort, first)


effort = [float(text) for text in sys.argv[1:5]]
for argument in sys.argv[5:]:
    name, sizes = argument.split(":")
    for i, length in enumerate(int(text) for text in sizes.split(",")):
        report(name=name, bytes=length, **run(name, length, i == 0))
