"""Floors proposed from measured records: so far below the figure that one run in a thousand falls below by chance.

A floor lies three standard deviations of one run below the mean over seeds. With one seed nothing is known of the
spread, and five points are taken; as many are the least where seeds agree, since other processors round differently.
Where that would be further from the figure than two thirds of the way to chance, the floor lies a third of the way up.
It `tells` broken weights if random ones (the control with the same method, or training from scratch for a trained one)
stay below it by at least a point.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ptmbench.analysis.gain import partner_of
from ptmbench.catalog.traits import Family
from ptmbench.errors import UsageError
from ptmbench.records import toml_text
from ptmbench.records.record import Quality, Record, chance_of, quality_of
from ptmbench.running.floors import Floor

DEVIATIONS = 3.0
MARGIN = 0.05
CLEAR = 0.01
VARYING = ("topic",)  # data sets made of the text of installed packages
SPLIT_DIGITS = 12
HEADER = """\
# Accuracy floors by budget and case; `tells` says whether the floor lies above what random weights reach.
# Written by: ptmbench floors --from DIR --write

"""


def margin_of(quality: Quality, deviations: float) -> float:
    """How far below its figure a case's floor lies."""
    values = [entry.value for entry in quality.seeds]
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return max(deviations * spread, MARGIN)


def floor_of(value: float, chance: float, margin: float) -> float:
    """The margin below the value, but at least a third of the way from chance to it where it is above chance."""
    if value <= chance:
        return round(value - margin, 4)
    return round(max(value - margin, chance + (value - chance) / 3), 4)


def proposed(records: Sequence[Record], deviations: float = DEVIATIONS) -> dict[str, Floor]:
    """The floor of every case; raises `UsageError` with all cases that did not finish."""
    broken = [f"{record.case.id} is {record.status}: {record.reason}" for record in records if record.quality is None]
    if broken:
        raise UsageError("floors are proposed from finished cases: " + "; ".join(broken))
    return {record.case.id: _floor(record, records, deviations) for record in records}


def _floor(record: Record, records: Sequence[Record], deviations: float) -> Floor:
    task, quality = record.case.task, quality_of(record)
    floor = floor_of(quality.value, chance_of(task) or 0.0, margin_of(quality, deviations))
    split = (task.split_sha256 or "")[:SPLIT_DIGITS] if task.dataset in VARYING else None
    return Floor(floor=floor, tells=tells(record, floor, records), split=split)


def tells(record: Record, floor: float, records: Iterable[Record]) -> bool:
    """Whether random weights would miss the floor by a clear point."""
    if record.case.model.family == Family.CONTROL:
        return False
    counterpart = random_counterpart(record, records)
    return counterpart is not None and counterpart.quality is not None and counterpart.quality.value < floor - CLEAR


def random_counterpart(record: Record, records: Iterable[Record]) -> Record | None:
    """The record that random weights would give instead: frozen control, or from scratch."""
    if record.case.method.steps is not None:
        return partner_of(record, records)
    wanted = record.case.model.architecture, record.case.task.name, record.case.method.name
    for other in records:
        case = other.case
        if case.model.family == Family.CONTROL and wanted == (
            case.model.architecture,
            case.task.name,
            case.method.name,
        ):
            return other
    return None


def as_toml(by_budget: dict[str, dict[str, Floor]], tolerance: dict[str, float]) -> str:
    """A floors file."""
    parts = [
        HEADER + "[tolerance]\n" + "".join(f"{toml_text.key(name)} = {value}\n" for name, value in tolerance.items())
    ]
    for budget, floors in sorted(by_budget.items()):
        lines = [f"[{toml_text.key(budget)}]", *(_line(case_id, floor) for case_id, floor in sorted(floors.items()))]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _line(case_id: str, floor: Floor) -> str:
    bound = f", split = {toml_text.quoted(floor.split)}" if floor.split else ""
    return f"{toml_text.quoted(case_id)} = {{ floor = {floor.floor}, tells = {str(floor.tells).lower()}{bound} }}"
