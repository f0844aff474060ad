"""Learning curves: the metric on the validation split on the way, where a training was watched."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tabulate import tabulate

from ptmbench.record import CurvePoint, Record


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
    return Curve(record.case.model.name, record.case.method.name, steps, means)


def render_curves(curves: Sequence[Curve], metric: str, style: str) -> str:
    """A table of the curves, one column for each number of steps."""
    steps = sorted({step for curve in curves for step in curve.steps})
    rows = []
    for curve in curves:
        known = dict(zip(curve.steps, curve.values, strict=True))
        rows.append(
            [curve.model, curve.method, *(f"{100 * known[step]:.1f}" if step in known else "-" for step in steps)]
        )
    headers = ["model", "method", *(f"{step} steps" for step in steps)]
    aligned = ["left", "left", *["right"] * len(steps)]
    grid = tabulate(rows, headers=headers, tablefmt=style, colalign=aligned, disable_numparse=True)
    return f"Learning curves: {metric} in % on the validation split, mean over seeds\n\n{grid}\n"
