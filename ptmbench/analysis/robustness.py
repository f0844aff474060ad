"""Robustness: what is left of a transferred model on corrupted test examples, and which models keep their rank."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ptmbench.analysis.comparison import task_order
from ptmbench.analysis.gain import EstimateOf
from ptmbench.errors import RecordError
from ptmbench.records.record import Record, quality_of
from ptmbench.statistics.estimates import Estimate, interval_of
from ptmbench.statistics.intervals import Interval
from ptmbench.statistics.rank_intervals import Places, rank_intervals

CorruptedOf = Callable[[Record], Estimate | None]


@dataclass(frozen=True, slots=True)
class RobustRow:
    """One case: its metric on clean test examples and over all corruptions and severities, with ranks in the table.

    `by_corruption` is the mean over severities, `by_severity` the mean over corruptions, from the mildest on.
    """

    model: str
    method: str
    family: str
    clean: float
    value: float
    interval: Interval
    interval_kind: str
    place_clean: Places
    place: Places
    by_corruption: tuple[tuple[str, float], ...]
    by_severity: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RobustTable:
    """The cases of one task that were put through corruptions, the most robust first."""

    task: str
    budget: str
    metric: str
    rows: tuple[RobustRow, ...]

    @property
    def corruptions(self) -> tuple[str, ...]:
        """The names of the corruptions that every row has."""
        return tuple(name for name, _ in self.rows[0].by_corruption)


def robust_tables(records: Iterable[Record], estimate_of: EstimateOf, corrupted_of: CorruptedOf) -> list[RobustTable]:
    """A table for each task with corrupted figures, of records that share budget, device and precision."""
    tasks: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.quality is not None and record.quality.corrupted:
            tasks[record.case.task.name].append(record)
    ordered = sorted(tasks, key=lambda name: task_order((name, "", "", "")))
    tables = [_table(name, tasks[name], estimate_of, corrupted_of) for name in ordered]
    return [table for table in tables if table.rows]


def _table(task: str, members: Sequence[Record], estimate_of: EstimateOf, corrupted_of: CorruptedOf) -> RobustTable:
    clean: dict[str, Estimate] = {}
    corrupted: dict[str, Estimate] = {}
    for record in members:
        with suppress(RecordError):
            found = corrupted_of(record)
            if found is not None:
                clean[record.case.id], corrupted[record.case.id] = estimate_of(record), found
    upwards = quality_of(members[0]).higher_is_better
    places = [rank_intervals(estimates, higher_is_better=upwards) for estimates in (clean, corrupted)]
    rows = [_row(record, corrupted[record.case.id], places) for record in members if record.case.id in corrupted]
    rows.sort(key=lambda row: (-row.value if upwards else row.value, row.model, row.method))
    return RobustTable(task, members[0].budget, quality_of(members[0]).metric, tuple(rows))


def _row(record: Record, estimate: Estimate, places: Sequence[Mapping[str, Places]]) -> RobustRow:
    quality = quality_of(record)
    interval, kind = interval_of(estimate)
    by_corruption: defaultdict[str, list[float]] = defaultdict(list)
    by_severity: defaultdict[int, list[float]] = defaultdict(list)
    for found in quality.corrupted:
        by_corruption[found.corruption].append(found.value)
        by_severity[found.severity].append(found.value)
    return RobustRow(
        model=record.case.model.name,
        method=record.case.way,
        family=record.case.model.family,
        clean=quality.value,
        value=estimate.value,
        interval=interval,
        interval_kind=kind,
        place_clean=places[0][record.case.id],
        place=places[1][record.case.id],
        by_corruption=tuple((name, float(np.mean(values))) for name, values in by_corruption.items()),
        by_severity=tuple(float(np.mean(by_severity[severity])) for severity in sorted(by_severity)),
    )
