"""Does the source matter? Gain by source and task, beside the distance from source to task."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ptmbench.analysis.comparison import task_order
from ptmbench.records.record import Record
from ptmbench.statistics.intervals import clustered_spearman

NO_RELATION = "no relation found"


@dataclass(frozen=True, slots=True)
class Cell:
    """Gain over from scratch (value, low, high), what its interval is over, and distance of a source for a task."""

    gain: tuple[float, float, float]
    distance: float
    gain_kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """One task and method, with a cell for each source in the table's order."""

    task: str
    method: str
    cells: tuple[Cell, ...]


Cells = dict[tuple[str, str, str], dict[str, Cell]]  # by (data set, task, method), then by source


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One architecture on several sources; only lines where every source has a figure.

    `correlation` is Spearman's, of distance with gain, from ranks within each line; its interval is a bootstrap over
    data sets, since lines of one data set do not vary independently. Nearer sources helping more makes it negative.
    """

    architecture: str
    budget: str
    sources: tuple[str, ...]
    lines: tuple[Line, ...]
    data_sets: int
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
    """A table for each architecture, objective and results key with at least two sources and two data sets."""
    found: defaultdict[tuple[str, ...], Cells] = defaultdict(dict)
    for record in records:
        case, gain, distance = record.case, record.gain, record.case.source_distance
        if gain is None or distance is None:
            continue
        key = case.model.architecture, record.budget, record.provenance.device, case.precision, case.model.objective
        line = found[key].setdefault((case.task.dataset, case.task.name, case.way), {})
        line[case.model.source] = Cell((gain.value, *gain.interval95), distance.value, gain.interval_kind)
    tables = [_table(key[0], key[1], lines) for key, lines in sorted(found.items())]
    return [table for table in tables if table is not None]


def _table(architecture: str, budget: str, cells: Cells) -> SourceTable | None:
    sources = tuple(sorted({source for line in cells.values() for source in line}))
    ordered = sorted(cells, key=lambda key: (*task_order((key[1], "", "", "")), key[2]))
    complete = [key for key in ordered if len(cells[key]) == len(sources)]
    lines = {key: Line(key[1], key[2], tuple(cells[key][source] for source in sources)) for key in complete}
    data_sets = sorted({data_set for data_set, _, _ in complete})
    if len(sources) < 2 or len(data_sets) < 2:
        return None
    clusters = [[_distances_and_gains(lines[key]) for key in complete if key[0] == name] for name in data_sets]
    correlation, interval = clustered_spearman(clusters)
    return SourceTable(architecture, budget, sources, tuple(lines.values()), len(data_sets), correlation, interval)


def _distances_and_gains(line: Line) -> tuple[list[float], list[float]]:
    return [cell.distance for cell in line.cells], [cell.gain[0] for cell in line.cells]
