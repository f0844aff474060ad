"""Learning curves: the metric on the validation split on the way, where a training was watched."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ptmbench.records.record import CurvePoint, Record


@dataclass(frozen=True, slots=True)
class Curve:
    """One case: the mean over seeds after so many steps of training."""

    model: str
    method: str
    steps: tuple[int, ...]
    values: tuple[float, ...]


def curves_of(records: Iterable[Record]) -> tuple[Curve, ...]:
    """The curves of the records that have one, by model and method."""
    found = [_curve(record, record.quality.curve) for record in records if record.quality and record.quality.curve]
    return tuple(sorted(found, key=lambda curve: (curve.model, curve.method)))


def _curve(record: Record, points: Sequence[CurvePoint]) -> Curve:
    by_step: defaultdict[int, list[float]] = defaultdict(list)
    for point in points:
        by_step[point.step].append(point.value)
    steps = tuple(sorted(by_step))
    means = tuple(sum(by_step[step]) / len(by_step[step]) for step in steps)
    return Curve(record.case.model.name, record.case.way, steps, means)
