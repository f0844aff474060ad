"""Comparison tables, computed from records alone: per task, models x methods with quality, gain and cost."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ptmbench.analysis.case_rows import CaseRow, make_row
from ptmbench.analysis.cautions import cautions_of
from ptmbench.analysis.curves import Curve, curves_of
from ptmbench.analysis.gain import EstimateOf
from ptmbench.analysis.shared_seeds import shared_seeds_of
from ptmbench.errors import RecordError
from ptmbench.records.figures import by_name
from ptmbench.records.record import Record, Verdict, chance_of
from ptmbench.statistics.intervals import benjamini_hochberg
from ptmbench.statistics.rank_intervals import Places, rank_intervals

TableKey = tuple[str, str, str, str]  # task, budget, device, precision
FAMILIES = ("supervised", "unsupervised", "self_supervised", "control")
LEVEL = 0.05  # of false verdicts among those of a table
UNEQUAL = 0.05  # by how much the largest class may exceed an equal share


@dataclass(frozen=True)  # without slots: beside its fields it keeps what was found best
class ComparisonTable:
    """The rows of one task under one (budget, device, precision), by family: of each the best quality first.

    Unfinished cases stand last in their family.
    """

    task: str
    budget: str
    device: str
    precision: str
    metric: str
    higher_is_better: bool
    chance: float | None
    train_size: int | None
    validation_size: int | None
    test_size: int | None
    rows: tuple[CaseRow, ...]
    curves: tuple[Curve, ...] = ()
    sheets: tuple[tuple[str, str], ...] = ()  # case ids with the files of their pictures
    balance: Mapping[str, float] = field(default_factory=dict)  # of the task's record
    cautions: tuple[str, ...] = ()  # what a reader has to know of the inputs of some models

    @property
    def finished(self) -> int:
        """How many of the rows have a figure."""
        return sum(row.value is not None for row in self.rows)

    @property
    def unequal(self) -> bool:
        """Whether classes are so unequal that accuracy flatters who knows the large ones.

        They are where the largest holds twice an equal share of the test part, or 5 points more than that.
        """
        majority, equal = self.balance.get("majority"), self.chance or 0.0
        return majority is not None and majority >= min(2 * equal, equal + UNEQUAL)

    @cached_property
    def by_model(self) -> Mapping[str, Sequence[CaseRow]]:
        """The rows of each model, in their order."""
        found: defaultdict[str, list[CaseRow]] = defaultdict(list)
        for row in self.rows:
            found[row.model].append(row)
        return dict(found)

    @cached_property
    def leader(self) -> CaseRow | None:
        """The finished row with the best quality, the first of equals; None where no row has any."""
        done = [(row.value, row) for row in self.rows if row.value is not None]
        if not done:
            return None
        return max(done, key=lambda pair: pair[0] if self.higher_is_better else -pair[0])[1]

    @cached_property
    def _known_best(self) -> dict[str, float | None]:
        """The best values that were asked for: every cell of a table asks."""
        return {}

    def best(self, name: str) -> float | None:
        """The best value of a figure among finished rows; a time of a busy machine is no answer."""
        if name not in self._known_best:
            self._known_best[name] = self._best(name)
        return self._known_best[name]

    def _best(self, name: str) -> float | None:
        figure = by_name(name)
        asked = [row for row in self.rows if not (figure.timed and row.busy)]
        values = [value for row in asked if (value := row.figures.get(name)) is not None]
        if not values:
            return None
        rises = figure.rises(with_quality=self.higher_is_better)
        return float(max(values) if rises else min(values))


def family_place(family: str) -> int:
    """Where a family stands in a table; one that is not known stands before the controls."""
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES) - 2


def comparison_tables(records: Iterable[Record], estimate_of: EstimateOf | None = None) -> list[ComparisonTable]:
    """One table for each task, budget, device and precision that the records hold.

    `estimate_of(record)` gives what rank intervals are computed from; without it rows have no ranks.
    """
    return [assembled(key, members, rows_of(members, estimate_of)) for key, members in by_table(records)]


def rows_of(members: Sequence[Record], estimate_of: EstimateOf | None) -> list[CaseRow]:
    """The rows of the records of one table, in their order, with ranks and verdicts that hold among all of them."""
    places, verdicts, shared = places_of(members, estimate_of), verdicts_of(members), shared_seeds_of(members)
    return [
        make_row(record, places.get(name), verdicts.get(name), shared.get(name))
        for record in members
        for name in (record.case.id,)
    ]


def verdicts_of(members: Sequence[Record]) -> dict[str, Verdict]:
    """The verdicts that stand where those of a table are corrected together.

    Among the verdicts other than "no clear difference" at most 5 % are false (Benjamini & Hochberg 1995). Records
    without a p-value keep their own.
    """
    tested = [(record.case.id, gain, gain.p_value) for record in members if (gain := record.gain) and gain.seeds > 1]
    known = [(name, gain, p_value) for name, gain, p_value in tested if p_value is not None]
    if not known:
        return {}
    adjusted = benjamini_hochberg([p_value for _, _, p_value in known])
    return {
        name: gain.verdict if chance <= LEVEL else "no_clear_difference"
        for (name, gain, _), chance in zip(known, adjusted, strict=True)
    }


def by_table(records: Iterable[Record]) -> list[tuple[TableKey, list[Record]]]:
    """The records that stand in one table each, by task, budget, device and precision."""
    groups: defaultdict[TableKey, list[Record]] = defaultdict(list)
    for record in records:
        case = record.case
        groups[case.task.name, record.budget, record.provenance.device, case.precision].append(record)
    return sorted(groups.items(), key=lambda entry: task_order(entry[0]))


def places_of(members: Sequence[Record], estimate_of: EstimateOf | None) -> dict[str, Places]:
    """The ranks of the cases whose outcomes can be read; none where there is nothing to read them with."""
    if estimate_of is None:
        return {}
    estimates = {}
    for record in members:
        if record.quality is not None:
            with contextlib.suppress(RecordError):
                estimates[record.case.id] = estimate_of(record)
    upwards = all(record.quality.higher_is_better for record in members if record.quality)
    return rank_intervals(estimates, higher_is_better=upwards)


def task_order(key: TableKey) -> tuple[str, int, str, str, str]:
    """Tasks by data set, few shots before many, full last."""
    data_set, _, size = key[0].rpartition("_")
    shots = size.removesuffix("shot")
    return data_set, int(shots) if shots.isdigit() else 10**9, *key[1:]


def assembled(key: TableKey, members: Sequence[Record], rows: Iterable[CaseRow]) -> ComparisonTable:
    """The table of these records and their rows."""
    done = [record.quality for record in members if record.quality]
    upwards = done[0].higher_is_better if done else True

    def order(row: CaseRow) -> tuple[int, bool, float, str, str]:
        quality = (-row.value if upwards else row.value) if row.value else 0.0
        return family_place(row.family), row.value is None, quality, row.model, row.method

    task = members[0].case.task
    return ComparisonTable(
        task=key[0],
        budget=key[1],
        device=key[2],
        precision=key[3],
        metric=done[0].metric if done else "none",
        higher_is_better=upwards,
        chance=chance_of(task),
        train_size=task.train_size,
        validation_size=task.validation_size,
        test_size=task.test_size,
        rows=tuple(sorted(rows, key=order)),
        curves=curves_of(members),
        balance=task.balance,
        cautions=cautions_of(members),
        sheets=tuple(
            (record.case.id, sheet.file)
            for record in sorted(members, key=lambda record: record.case.id)
            for sheet in (record.quality.pictures if record.quality else [])
        ),
    )
