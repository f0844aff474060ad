"""Generalisation: how a way of transferring a model does across tasks.

Means over tasks are only fair where every row has every task: they are taken over the largest complete part of the
grid, and how much of it that is stands beside them (coverage). Tasks made of one data set (other amounts of labels) do
not vary independently: they are averaged first, and intervals are Student's over data sets.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ptmbench.records.record import Record
from ptmbench.statistics.intervals import Interval, Values, ranks, t_interval

Way = tuple[str, str]  # model and method
Grid = Mapping[Way, Mapping[str, Record]]  # by row, then by task


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over data sets, with its interval (None for a single one)."""

    value: float
    interval: Interval | None

    @classmethod
    def over(cls, by_data_set: Mapping[str, Sequence[float]]) -> "Mean":
        """The mean of the means of each data set."""
        means = [float(np.mean(values)) for values in by_data_set.values()]
        return cls(float(np.mean(means)), t_interval(means) if len(means) > 1 else None)

    def within(self, low: float, high: float) -> "Mean":
        """The same with its interval cut to what is possible: Student's knows nothing of that."""
        if self.interval is None:
            return self
        return Mean(self.value, (max(self.interval[0], low), min(self.interval[1], high)))


@dataclass(frozen=True, slots=True)
class Overall:
    """One row over all tasks of a kind: mean rank among the rows, gain over scratch, train minus test, slope of shots.

    `gain` is None for controls; `slope` is how much quality rises when the examples a class double, None without three
    amounts of labels of any data set.
    """

    model: str
    method: str
    family: str
    rank: Mean
    gain: Mean | None
    gap: Mean
    slope: Mean | None


@dataclass(frozen=True, slots=True)
class Generalisation:
    """All rows over the tasks of one kind (or of all): those of the complete part, and what was left out for it."""

    kind: str
    budget: str
    tasks: tuple[str, ...]
    data_sets: int
    rows: tuple[Overall, ...]
    all_tasks: int
    all_rows: int

    @property
    def coverage(self) -> float:
        """The share of the whole grid's cells that the complete part has."""
        return len(self.tasks) * len(self.rows) / (self.all_tasks * self.all_rows)


def generalisation(records: Sequence[Record]) -> list[Generalisation]:
    """A comparison for each kind of task with at least two of them, and over kinds that the same models serve."""
    done = [record for record in records if record.quality is not None]
    models: defaultdict[str, set[str]] = defaultdict(set)
    for record in done:
        models[record.case.task.kind].add(record.case.model.name)
    groups = [[kind] for kind in sorted(models)]
    groups += [group for group in _served_together(models) if len(group) > 1]
    found = [
        _comparison(" and ".join(group), [record for record in done if record.case.task.kind in group])
        for group in groups
    ]
    return [comparison for comparison in found if comparison is not None]


def _served_together(models: Mapping[str, set[str]]) -> list[list[str]]:
    """The kinds of task in groups that share models, however indirectly."""
    groups: list[list[str]] = []
    for kind in sorted(models):
        near = [group for group in groups if any(models[kind] & models[other] for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append(sorted([kind, *(other for group in near for other in group)]))
    return groups


def complete_part(grid: Grid) -> tuple[list[Way], list[str]]:
    """Rows and tasks that are all there: the emptiest row or task goes, one by one, until no cell is missing."""
    rows, tasks = sorted(grid), sorted({task for cells in grid.values() for task in cells})
    there = np.array([[task in grid[row] for task in tasks] for row in rows], dtype=bool).reshape(len(rows), len(tasks))
    holes_of_row, holes_of_task = (~there).sum(axis=1), (~there).sum(axis=0)
    left, asked = np.ones(len(rows), dtype=bool), np.ones(len(tasks), dtype=bool)
    while left.any() and asked.any():  # what is gone has fewer holes than any that is left
        row, task = int(np.where(left, holes_of_row, -1).argmax()), int(np.where(asked, holes_of_task, -1).argmax())
        if not holes_of_row[row]:
            break
        if holes_of_row[row] / asked.sum() >= holes_of_task[task] / left.sum():
            left[row] = False
            holes_of_task -= ~there[row]
        else:
            asked[task] = False
            holes_of_row -= ~there[:, task]
    return [row for row, kept in zip(rows, left, strict=True) if kept], [
        task for task, kept in zip(tasks, asked, strict=True) if kept
    ]


def _comparison(kind: str, records: Sequence[Record]) -> Generalisation | None:
    grid: defaultdict[Way, dict[str, Record]] = defaultdict(dict)
    for record in records:
        grid[record.case.model.name, record.case.way][record.case.task.name] = record
    rows, tasks = complete_part(grid)
    if len(rows) < 2 or len(tasks) < 2:
        return None
    places = _places(grid, rows, tasks)
    overall = [_overall(grid[row], tasks, places[row], len(rows)) for row in rows]
    return Generalisation(
        kind=kind,
        budget=records[0].budget,
        tasks=tuple(tasks),
        data_sets=len({grid[rows[0]][task].case.task.dataset for task in tasks}),
        rows=tuple(sorted(overall, key=lambda entry: (entry.rank.value, entry.model, entry.method))),
        all_tasks=len({task for cells in grid.values() for task in cells}),
        all_rows=len(grid),
    )


def _places(grid: Grid, rows: Sequence[Way], tasks: Sequence[str]) -> dict[Way, dict[str, float]]:
    """The rank of each row in each task, 1 the best."""
    places: dict[Way, dict[str, float]] = {row: {} for row in rows}
    for task in tasks:
        qualities = [quality for row in rows if (quality := grid[row][task].quality) is not None]
        signed: Values = [-entry.value if entry.higher_is_better else entry.value for entry in qualities]
        for row, place in zip(rows, ranks(signed), strict=True):
            places[row][task] = float(place)
    return places


def _overall(cells: Mapping[str, Record], tasks: Sequence[str], places: Mapping[str, float], rows: int) -> Overall:
    ranked, gained, gaps = (defaultdict[str, list[float]](list) for _ in range(3))
    for task in tasks:
        record, data_set = cells[task], cells[task].case.task.dataset
        ranked[data_set].append(places[task])
        if record.gain is not None:
            gained[data_set].append(record.gain.value)
        if record.quality is not None:
            gaps[data_set].append(record.quality.train_value - record.quality.value)
    model = cells[tasks[0]].case.model
    slopes = shot_slopes(list(cells.values()))
    return Overall(
        model=model.name,
        method=cells[tasks[0]].case.way,
        family=model.family,
        rank=Mean.over(ranked).within(1, rows),
        gain=Mean.over(gained) if sum(map(len, gained.values())) == len(tasks) else None,
        gap=Mean.over(gaps),
        slope=Mean.over(slopes) if slopes else None,
    )


def shot_slopes(records: Sequence[Record]) -> dict[str, list[float]]:
    """By data set, how much the metric rises when the shots double: the slope over their binary logarithm."""
    curves: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for record in records:
        shots = record.case.task.shots
        if record.quality is not None and isinstance(shots, int):
            curves[record.case.task.dataset].append((float(np.log2(shots)), record.quality.value))
    slopes = {}
    for data_set, points in curves.items():
        doublings, values = [shots for shots, _ in points], [value for _, value in points]
        if len(set(doublings)) >= 3:
            slopes[data_set] = [float(np.polyfit(doublings, values, deg=1)[0])]
    return slopes
