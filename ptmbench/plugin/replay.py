"""Latency samples played back to pytest-benchmark, so that its statistics are of the figures in the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from ptmbench.records.record import Record

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


def show_to_pytest_benchmark(benchmark: BenchmarkFixture, samples: list[float], record: Record) -> bool:
    """Replays the record's latency samples, so that pytest-benchmark's statistics are of the same figures.

    Returns:
        Whether there are any.
    """
    if record.cost is None or record.cost.latency_s is None:
        return False
    benchmark.skipped = False
    samples[:] = record.cost.latency_s.samples
    benchmark.extra_info["ptmbench"] = record.model_dump(mode="json", exclude={"cost": {"latency_s": {"samples"}}})
    benchmark.pedantic(_nothing, rounds=len(samples), iterations=1)
    return True


def _nothing() -> None:
    """What is called between two readings of the replaying clock."""
