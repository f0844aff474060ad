"""Latency samples played back to pytest-benchmark, so that its statistics are of the figures in the record."""

from collections.abc import Callable, Iterator

Clock = Callable[[], float]


def replaying_clock(samples: list[float]) -> Clock:
    """A clock read in pairs, before and after a round: 0 and then the next sample, so that the round takes it."""
    readings = _readings(samples)

    def ptmbench_samples() -> float:
        return next(readings)

    return ptmbench_samples


def _readings(samples: list[float]) -> Iterator[float]:
    position = 0
    while True:
        yield 0.0
        yield samples[position % len(samples)] if samples else 1e-9
        position += 1
