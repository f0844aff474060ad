"""Does the source matter? Gain by source and task, beside the distance from source to task."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ptmbench.record import Record
from ptmbench.report.tables import task_order
from ptmbench.statistics import grouped_spearman

NO_RELATION = "no relation found"


@dataclass(frozen=True, slots=True)
class Cell:
    """Gain over from scratch (value, low, high) and distance of one source for one task."""

    gain: tuple[float, float, float]
    distance: float


@dataclass(frozen=True, slots=True)
class Line:
    """One task and method, with a cell for each source in the table's order."""

    task: str
    method: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One architecture on several sources; only lines where every source has a figure.

    `correlation` is Spearman's, of distance with gain, from ranks within each line; its interval is a bootstrap over
    lines. Nearer sources helping more would make it negative.
    """

    architecture: str
    budget: str
    sources: tuple[str, ...]
    lines: tuple[Line, ...]
    correlation: float
    correlation95: tuple[float, float]

    @property
    def conclusion(self) -> str:
        """What the interval of the correlation allows to say."""
        low, high = self.correlation95
        if high < 0:
            return "nearer sources help more"
        return "more distant sources help more" if low > 0 else NO_RELATION


def source_tables(records: Iterable[Record]) -> list[SourceTable]:
    """A table for each architecture and results key with at least two sources and two complete lines."""
    found: defaultdict[tuple[str, str, str, str], dict[tuple[str, str], dict[str, Cell]]] = defaultdict(dict)
    for record in records:
        case, gain, distance = record.case, record.gain, record.case.source_distance
        if gain is None or distance is None:
            continue
        key = case.model.architecture, record.budget, record.provenance.device, case.precision
        line = found[key].setdefault((case.task.name, case.method.name), {})
        line[case.model.source] = Cell((gain.value, *gain.interval95), distance.value)
    tables = [_table(key[0], key[1], lines) for key, lines in sorted(found.items())]
    return [table for table in tables if table is not None]


def _table(architecture: str, budget: str, lines: dict[tuple[str, str], dict[str, Cell]]) -> SourceTable | None:
    sources = tuple(sorted({source for cells in lines.values() for source in cells}))
    complete = tuple(
        Line(task, method, tuple(cells[source] for source in sources))
        for (task, method), cells in sorted(
            lines.items(), key=lambda entry: (*task_order((entry[0][0], "", "", "")), entry[0][1])
        )
        if len(cells) == len(sources)
    )
    if len(sources) < 2 or len(complete) < 2:
        return None
    groups = [([cell.distance for cell in line.cells], [cell.gain[0] for cell in line.cells]) for line in complete]
    correlation, interval = grouped_spearman(groups)
    return SourceTable(architecture, budget, sources, complete, correlation, interval)
