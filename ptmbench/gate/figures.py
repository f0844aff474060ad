"""The figures of cost that a gate compares, and how: exactly, or over launches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ptmbench.records.record import Cost

Kind = Literal["exact", "memory", "time", "train_time"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of cost, less being better: its name, its unit, how it is compared, and how it is read."""

    name: str
    unit: str
    kind: Kind
    of: Callable[[Cost], float | None]


def _latency(cost: Cost) -> float | None:
    """The least sample: noise only ever adds to the time that the work takes."""
    return min(cost.latency_s.samples) if cost.latency_s else None


FIGURES = (
    Figure("parameters", "", "exact", lambda cost: cost.parameters),
    Figure("trainable_parameters", "", "exact", lambda cost: cost.trainable_parameters),
    Figure("macs", "", "exact", lambda cost: cost.macs),
    Figure("size_bytes", "B", "exact", lambda cost: cost.size_bytes),
    Figure("peak_memory_bytes.inference", "B", "memory", lambda cost: cost.peak_memory_bytes.inference),
    Figure("peak_memory_bytes.training", "B", "memory", lambda cost: cost.peak_memory_bytes.training),
    Figure("latency_s", "s", "time", _latency),
    Figure("train_time_s", "s", "train_time", lambda cost: cost.train_time_s),
)
