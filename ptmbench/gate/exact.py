"""Figures that repeat: parameters, operations and size to the last unit, memory within its tolerance."""

from collections.abc import Iterator

from ptmbench.gate.findings import Comparison, Finding
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Rules, Verdict
from ptmbench.gate.sides import Entry
from ptmbench.records.figures import Figure, judged_as


def compare(pair: Pair, rules: Rules) -> Iterator[Finding]:
    """The findings of one case; a figure that a side does not have is passed over."""
    for figure in judged_as("exact", "memory"):
        upwards = figure.upwards(pair.current[0][1])
        before, now = (_best(side, figure, upwards=upwards) for side in (pair.baseline, pair.current))
        if before is not None and now is not None:
            tolerance = rules.tolerance.memory if figure.judged == "memory" else 0.0
            yield _finding(pair.case_id, figure, (before, now), tolerance, upwards=upwards)


def _best(entries: list[Entry], figure: Figure, *, upwards: bool) -> float | None:
    """The figure over the launches of a side: what the work takes is the least that it was seen to take."""
    values = [figure.read(record) for _, record in entries]
    found = [value for value in values if value is not None]
    return max(found, default=None) if upwards else min(found, default=None)


def _finding(case_id: str, figure: Figure, sides: tuple[float, float], tolerance: float, *, upwards: bool) -> Finding:
    before, now = sides
    change = now / before - 1 if before else float(now > 0)
    lost = -change if upwards else change
    verdict: Verdict = "same"
    if lost > tolerance:
        verdict = "worse"
    elif lost < -tolerance:
        verdict = "better"
    (name, *_) = figure.keys("gate")
    comparison = Comparison(case_id, name, figure.unit, before, now, change, tolerance)
    return Finding(case_id, name, verdict, comparison)
