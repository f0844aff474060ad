"""Writes benchmarks/floors.toml from committed results: the accuracy floor of every case at each budget.

    python benchmarks/recording/floors.py results/embedded/*

A floor lies 5 points below the measured value, or a third of the way from chance to the value where that is higher,
so that it is above chance wherever the value is. It `tells` broken weights if random ones (the control with the same
method, or training from scratch for a trained one) stay below it by at least a point.
"""

import sys
from pathlib import Path

from ptmbench.gain import partner_of
from ptmbench.record import Record, chance_of
from ptmbench.spec import Family
from ptmbench.store import ResultsFolder

FLOORS = Path(__file__).parents[1] / "floors.toml"
MARGIN = 0.05
CLEAR = 0.01
VARYING = ("topic",)  # data sets made of the text of installed packages
SPLIT_DIGITS = 12
HEADER = """\
# Accuracy floors by budget and case; `tells` says whether the floor lies above what random weights reach.
# Written by: python benchmarks/recording/floors.py results/embedded/*

[tolerance]
fp32 = 0.0
bf16 = 0.01
"""


def floor_of(value: float, chance: float) -> float:
    """Five points below the value, but at least a third of the way from chance to it where it is above chance."""
    if value <= chance:
        return round(value - MARGIN, 4)
    return round(max(value - MARGIN, chance + (value - chance) / 3), 4)


def random_counterpart(record: Record, records: list[Record]) -> Record | None:
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


def tells(record: Record, floor: float, records: list[Record]) -> bool:
    """Whether random weights would miss the floor by a clear point."""
    if record.case.model.family == Family.CONTROL:
        return False
    counterpart = random_counterpart(record, records)
    return counterpart is not None and counterpart.quality is not None and counterpart.quality.value < floor - CLEAR


def main(folders: list[str]) -> None:
    """Reads the folders and writes the floors, one table a budget."""
    parts = [HEADER]
    for name in sorted(folders):
        folder = ResultsFolder(Path(name))
        records, problems = folder.read_all()
        key = folder.key()
        if problems or key is None:
            sys.exit(f"{name} cannot be used: {problems or 'not a results folder'}")
        lines = [f"[{key.budget}]"]
        for record in records:
            if record.quality is None:
                sys.exit(f"{record.case.id} is {record.status}: {record.reason}")
            floor = floor_of(record.quality.value, chance_of(record.case.task) or 0.0)
            telling = str(tells(record, floor, records)).lower()
            task = record.case.task
            bound = f', split = "{(task.split_sha256 or "")[:SPLIT_DIGITS]}"' if task.dataset in VARYING else ""
            lines.append(f'"{record.case.id}" = {{ floor = {floor}, tells = {telling}{bound} }}')
        parts.append("\n".join(lines) + "\n")
    FLOORS.write_text("\n".join(parts))


if __name__ == "__main__":
    main(sys.argv[1:])
