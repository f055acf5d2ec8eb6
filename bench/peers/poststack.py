"""
The problem of programs/poststack.ts, with numpy, scipy and mpi4py.

Stands in for PyLops-MPI: the derivative by slices and the convolution by scipy.signal.fftconvolve along time, as PyLops
applies them, and its CGLS. It is leaner than PyLops-MPI: no transposes, no array classes, two reductions an iteration.
"""

import resource
import sys
from time import perf_counter

import numpy as np
from mpi4py import MPI
from scipy.signal import fftconvolve

from harness import report, world

NY, NX, NT = 20, 267, 550
WARM_UP = 3

t = 0.004 * np.arange(-20, 21)
a = (np.pi * 15 * t) ** 2
wavelet = ((1 - 2 * a) * np.exp(-a)).reshape(1, 1, -1)


def forward(m):
    derivative = np.zeros_like(m)
    derivative[..., 1:-1] = 0.5 * (m[..., 2:] - m[..., :-2])
    return fftconvolve(derivative, wavelet, mode="same", axes=-1)


def adjoint(d):
    r = fftconvolve(d, wavelet[..., ::-1], mode="same", axes=-1)
    m = np.zeros_like(r)
    m[..., :-2] -= 0.5 * r[..., 1:-1]
    m[..., 2:] += 0.5 * r[..., 1:-1]
    return m


def total(value):
    return world.allreduce(value)


def cgls(data, x0, iterations):
    """Norm of the residual at the start and at the end, and seconds per iteration."""
    x = x0.copy()
    s = data - forward(x)
    r = adjoint(s)
    c = r.copy()
    rho = total(np.vdot(r, r))
    cost = [np.sqrt(total(np.vdot(s, s)))]
    start = perf_counter()
    for _ in range(iterations):
        q = forward(c)
        alpha = rho / total(np.vdot(q, q))
        x += alpha * c
        s -= alpha * q
        r = adjoint(s)
        both = total(np.array([np.vdot(r, r), np.vdot(s, s)]))
        c = r + (both[0] / rho) * c
        rho = both[0]
        cost.append(np.sqrt(both[1]))
    return cost, (perf_counter() - start) / iterations


iterations = int(sys.argv[1])
share, more = divmod(NY, world.size)
first = world.rank * share + min(world.rank, more)
y = np.arange(first, first + share + (world.rank < more)).reshape(-1, 1, 1)
x = np.arange(NX).reshape(1, -1, 1)
z = np.arange(NT).reshape(1, 1, -1)

background = 1.5 + 0.002 * z + np.zeros((y.size, NX, 1))
truth = background + 0.1 * np.sin(0.11 * z + 0.02 * x) * np.cos(0.037 * z - 0.01 * x + 0.2 * y)
data = forward(truth)

cgls(data, background, WARM_UP)
world.Barrier()
cost, seconds = cgls(data, background, iterations)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
report(
    name="poststack",
    bytes=8 * NY * NX * NT,
    seconds=world.allreduce(seconds, MPI.MAX),
    peakBytes=world.allreduce(peak, MPI.MAX),
    residual=cost[-1] / cost[0],
)
