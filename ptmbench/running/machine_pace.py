"""A fixed piece of work, timed beside every run: how fast this machine is just now, whatever the libraries do.

It needs nothing but Python and NumPy, and mixes what networks live on: products of matrices, moving memory, a loop of
the interpreter. Times of different machines are compared only in units of it.
"""

import functools
import time

import numpy as np

SAMPLES = 5
DIGITS = 6
SIDE = 384
PRODUCTS = 12
MEGABYTES = 16
LOOPS = 60_000


def work() -> float:
    """The work once; returns what it came to, so that none of it can be left out."""
    matrix = np.linspace(-1, 1, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    product = matrix
    for _ in range(PRODUCTS):
        product = np.tanh(matrix @ product)
    moved = np.zeros(MEGABYTES * 2**20 // 4, dtype=np.float32)
    moved[::2] = 1
    counted = sum(number % 7 for number in range(LOOPS))
    return float(product.sum() + moved.sum() + counted)


@functools.cache
def seconds() -> tuple[float, ...]:
    """Seconds of a few times, measured once a process, the first thrown away."""
    work()
    return tuple(_timed() for _ in range(SAMPLES))


def _timed() -> float:
    started = time.perf_counter()
    work()
    return float(f"{time.perf_counter() - started:.{DIGITS}g}")
