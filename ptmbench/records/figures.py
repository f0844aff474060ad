"""The figures of a record that have a history: which way is up, whether they repeat exactly, where they compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ptmbench.records.record import Cost, Interval, Latency, Record

Unit = Literal["share", "B", "s", ""]
Repeats = Literal["always", "on_cpu", "never"]  # whether the same code gives the same figure to the last digit
HALF_WIDTH = 1.959964  # of a 95 % interval, in standard deviations


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure, None where a record has none; `path` is where the record keeps it, or why it is missing.

    `interval` gives its 95 % interval, where the record holds one.
    """

    name: str
    label: str
    unit: Unit
    path: str
    repeating: Repeats
    by_machine: bool
    of: Callable[[Record], float | None]
    interval: Callable[[Record], Interval | None] = lambda _record: None

    def upwards(self, record: Record) -> bool:
        """Whether more is better."""
        return self.unit == "share" and (record.quality is None or record.quality.higher_is_better)

    def repeats(self, record: Record) -> bool:
        """Whether the figure repeats exactly; peak memory does on a CPU, where it is counted and not sampled."""
        return self.repeating == "always" or (self.repeating == "on_cpu" and record.provenance.device == "cpu")

    def spread(self, record: Record) -> float | None:
        """One standard deviation, as the record's own interval has it; None without one."""
        found = self.interval(record)
        return (found[1] - found[0]) / (2 * HALF_WIDTH) if found else None

    def why_missing(self, record: Record) -> str:
        """The reason that the record gives for having no figure."""
        parts = self.path.split(".")
        for depth in range(len(parts), 0, -1):
            if reason := record.missing.get(".".join(parts[:depth])):
                return reason
        return record.reason or "not there"


def _cost(read: Callable[[Cost], float | None]) -> Callable[[Record], float | None]:
    return lambda record: read(record.cost) if record.cost else None


def _latency(read: Callable[[Latency], float]) -> Callable[[Record], float | None]:
    return _cost(lambda cost: read(cost.latency_s) if cost.latency_s else None)


def _quality(record: Record) -> float | None:
    return record.quality.value if record.quality else None


def _gain(record: Record) -> float | None:
    return record.gain.value if record.gain else None


def _of_quality(record: Record) -> Interval | None:
    return record.quality.interval95 if record.quality else None


def _of_gain(record: Record) -> Interval | None:
    return record.gain.interval95 if record.gain else None


def _by_name(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


_MEMORY = "cost.peak_memory_bytes"
METRICS = _by_name(
    Metric("quality", "quality", "share", "quality.value", "never", False, _quality, _of_quality),
    Metric("gain", "gain over scratch", "share", "gain.value", "never", False, _gain, _of_gain),
    Metric("macs", "multiply-accumulates", "", "cost.macs", "always", False, _cost(lambda c: c.macs)),
    Metric("parameters", "parameters", "", "cost.parameters", "always", False, _cost(lambda c: c.parameters)),
    Metric("size_bytes", "size of the weights", "B", "cost.size_bytes", "always", False, _cost(lambda c: c.size_bytes)),
    Metric("latency_p50_s", "latency p50", "s", "cost.latency_s.p50", "never", True, _latency(lambda t: t.p50)),
    Metric("latency_p95_s", "latency p95", "s", "cost.latency_s.p95", "never", True, _latency(lambda t: t.p95)),
    Metric(
        "inference_bytes", "peak memory of inference", "B", f"{_MEMORY}.inference", "on_cpu", True,
        _cost(lambda c: c.peak_memory_bytes.inference),
    ),
    Metric(
        "training_bytes", "peak memory of training", "B", f"{_MEMORY}.training", "on_cpu", True,
        _cost(lambda c: c.peak_memory_bytes.training),
    ),
    Metric(
        "carry_over_time_s", "carry-over time", "s", "cost.train_time_s", "never", True,
        _cost(lambda c: c.carry_over_time_s),
    ),
)  # fmt: skip
