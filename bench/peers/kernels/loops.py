"""NumPy and SciPy side of bench/kernels.ts: reads lines `name size ms`, answers with the best time of a call in seconds.

One thread each. A case of which SciPy or NumPy has nothing is answered with `nan`.
"""
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
import numpy as np
import scipy.fft
import scipy.signal

TRACE = 550
TAPS = np.array([(1 - 2 * a) * np.exp(-a) for a in ((np.pi * 15 * 0.004 * (k - 20)) ** 2 for k in range(41))])


def vectors(n):
    x = np.sin(np.arange(n, dtype=float))
    return x, x.copy()


def elementwise(make):
    def case(n):
        x, y = vectors(n)
        return make(x, y)

    return case


def traces(make):
    def case(n):
        x, y = vectors(n // TRACE * TRACE)
        return make(x.reshape(-1, TRACE), y.reshape(-1, TRACE))

    return case


def gemm(dtype):
    def case(n):
        a = np.sin(np.arange(n * n)).reshape(n, n).astype(dtype)
        b, c = a.copy(), a.copy()
        return lambda: np.matmul(a, b, out=c)

    return case


def batched(_):
    a = np.sin(np.arange(128 * 128 * 128)).reshape(128, 128, 128) + 1j
    b = np.sin(np.arange(128 * 128 * 64)).reshape(128, 128, 64) + 1j
    c = np.matmul(a, b)
    return lambda: np.matmul(a, b, out=c)


def fft(dtype, transform=scipy.fft.fft, lines=None):
    def case(n):
        x = np.sin(np.arange(n)).astype(dtype)
        if lines:
            x = x.reshape(-1, lines)
        return lambda: transform(x)

    return case


def first_derivative(x, y):
    y[:, 1:-1] = 0.5 * (x[:, 2:] - x[:, :-2])


CASES = {
    "dot": elementwise(lambda x, y: lambda: np.dot(x, y)),
    "norm": elementwise(lambda x, y: lambda: np.linalg.norm(x)),
    "axpy": elementwise(lambda x, y: lambda: np.add(y, 1e-9 * x, out=y)),
    "multiply": elementwise(lambda x, y: lambda: np.multiply(x, y, out=y)),
    "copy": elementwise(lambda x, y: lambda: np.copyto(y, x)),
    "scale": elementwise(lambda x, y: lambda: np.multiply(x, -1, out=x)),
    "soft threshold": elementwise(lambda x, y: lambda: np.maximum(np.abs(x) - 0.1, 0.0) * np.sign(x)),
    "first derivative": traces(lambda x, y: lambda: first_derivative(x, y)),
    "convolution, 41 taps": traces(
        lambda x, y: lambda: scipy.signal.fftconvolve(x, TAPS[None, :], mode="same", axes=1)
    ),
    "gemm float64": gemm(np.float64),
    "gemm float32": gemm(np.float32),
    "gemm complex128": gemm(np.complex128),
    "batched gemm": batched,
    "fft complex128": fft(np.complex128),
    "fft complex64": fft(np.complex64),
    "rfft float64": fft(np.float64, scipy.fft.rfft),
    "fft of 1024 lines": fft(np.complex128, lines=1024),
    "fft along columns": fft(np.complex128, lambda x: scipy.fft.fft(x, axis=0), lines=1024),
}

prepared = {}  # the last case alone: its arrays may be large
for line in sys.stdin:
    name, size, ms = line.strip().split("\t")
    if name not in CASES:
        print("nan", flush=True)
        continue
    if (name, size) not in prepared:
        prepared = {(name, size): CASES[name](int(size))}
    call = prepared[name, size]
    call()
    best, end, count = float("inf"), time.perf_counter() + float(ms) / 1000, 0
    while count < 3 or time.perf_counter() < end:
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
        count += 1
    print(best, flush=True)
