"""Figures that repeat: parameters, operations and size to the last unit, memory within its tolerance."""

from collections.abc import Iterator

from ptmbench.gate.figures import FIGURES, Figure
from ptmbench.gate.findings import Comparison, Finding
from ptmbench.gate.pairs import Pair
from ptmbench.gate.rules import Rules, Verdict
from ptmbench.gate.sides import Entry


def compare(pair: Pair, rules: Rules) -> Iterator[Finding]:
    """The findings of one case; a figure that a side does not have is passed over."""
    for figure in FIGURES:
        if figure.kind not in {"exact", "memory"}:
            continue
        before, now = _least(pair.baseline, figure), _least(pair.current, figure)
        if before is not None and now is not None:
            tolerance = rules.tolerance.memory if figure.kind == "memory" else 0.0
            yield _finding(pair.case_id, figure, before, now, tolerance)


def _least(entries: list[Entry], figure: Figure) -> float | None:
    """The figure over the launches of a side: what the work takes is the least that it was seen to take."""
    values = [figure.of(record.cost) for _, record in entries if record.cost]
    found = [value for value in values if value is not None]
    return min(found, default=None)


def _finding(case_id: str, figure: Figure, before: float, now: float, tolerance: float) -> Finding:
    change = now / before - 1 if before else float(now > 0)
    verdict: Verdict = "same"
    if change > tolerance:
        verdict = "worse"
    elif change < -tolerance:
        verdict = "better"
    comparison = Comparison(case_id, figure.name, figure.unit, before, now, change, tolerance)
    return Finding(case_id, figure.name, verdict, comparison)
