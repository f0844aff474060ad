"""Comparison tables, computed from records alone: per task, models x methods with quality, gain and cost."""

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ptmbench.analysis.cautions import cautions_of
from ptmbench.analysis.curves import Curve, curves_of
from ptmbench.analysis.gain import SampleOf
from ptmbench.errors import RecordError
from ptmbench.records.figures import Figure, Place, all_figures, by_name, figures_in
from ptmbench.records.record import Interval, Record, chance_of
from ptmbench.statistics.rank_intervals import Places, rank_intervals

TableKey = tuple[str, str, str, str]  # task, budget, device, precision
FAMILIES = ("supervised", "unsupervised", "self_supervised", "control")


@dataclass(frozen=True, slots=True)
class Row:
    """One case of a table. Figures and their 95 % intervals stand by name; None where there is none (the record says
    why), and no entry where the record's fields of the figure have no interval.
    """

    model: str
    method: str
    family: str
    status: str
    reason: str | None
    interval_kind: str | None
    place_low: int | None
    place_high: int | None
    floor: float | None
    floor_met: bool | None
    floor_tells: bool | None
    gain_kind: str | None
    verdict: str | None
    seeds: int | None
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Interval]

    @property
    def value(self) -> float | None:
        """The quality; None where the case did not finish."""
        return self.figures["quality"]

    @property
    def gain(self) -> float | None:
        """The gain over the same architecture from scratch."""
        return self.figures["gain"]

    def ends(self, name: str) -> Interval | tuple[None, None]:
        """The ends of a figure's interval."""
        return self.intervals.get(name, (None, None))


FACTS = tuple(field.name for field in fields(Row) if field.name not in {"figures", "intervals"})


@dataclass(frozen=True, slots=True)
class Table:
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
    test_size: int | None
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
    sheets: tuple[tuple[str, str], ...] = ()  # case ids with the files of their pictures
    cautions: tuple[str, ...] = ()  # what a reader has to know of the inputs of some models

    @property
    def finished(self) -> int:
        """How many of the rows have a figure."""
        return sum(row.value is not None for row in self.rows)

    def best(self, name: str) -> float | None:
        """The best value of a figure among finished rows."""
        values = [value for row in self.rows if (value := row.figures.get(name)) is not None]
        if not values:
            return None
        rises = by_name(name).rises(with_quality=self.higher_is_better)
        return float(max(values) if rises else min(values))


def make_row(record: Record, places: Places | None = None) -> Row:
    """The figures of a record, with the places that it may hold in its table."""
    quality, gain, known = record.quality, record.gain, all_figures()
    return Row(
        model=record.case.model.name,
        method=record.case.way,
        family=record.case.model.family,
        status=record.status,
        reason=record.reason,
        interval_kind=quality.interval_kind if quality else None,
        place_low=places[0] if places else None,
        place_high=places[1] if places else None,
        floor=quality.floor if quality else None,
        floor_met=quality.floor_met if quality else None,
        floor_tells=quality.floor_tells if quality else None,
        gain_kind=gain.interval_kind if gain else None,
        verdict=gain.verdict if gain else None,
        seeds=len(quality.seeds) if quality else None,
        figures={figure.name: figure.read(record) for figure in known},
        intervals={figure.name: ends for figure in known if (ends := figure.interval(record))},
    )


def figures_of(row: Row, place: Place) -> dict[str, float | None]:
    """The figures that a place shows of a row, with the ends of intervals behind them, as the place calls them."""
    return values_of(row, figures_in(place), place)


def values_of(row: Row, figures: Iterable[Figure], place: Place) -> dict[str, float | None]:
    """The values of these figures, under the keys by which a place knows them."""
    found: dict[str, float | None] = {}
    for figure in figures:
        found |= zip(figure.keys(place), (row.figures.get(figure.name), *row.ends(figure.name)), strict=False)
    return found


def flat(row: Row, place: Place) -> dict[str, Any]:
    """A row as other programs read it: what the case is, then its figures."""
    return {name: getattr(row, name) for name in FACTS} | figures_of(row, place)


def names_of(place: Place) -> list[str]:
    """The names of a flat row, in its order."""
    return [*FACTS, *(key for figure in figures_in(place) for key in figure.keys(place))]


def family_place(family: str) -> int:
    """Where a family stands in a table; one that is not known stands before the controls."""
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES) - 2


def comparison_tables(records: Iterable[Record], sample_of: SampleOf | None = None) -> list[Table]:
    """One table for each task, budget, device and precision that the records hold.

    `sample_of(record)` gives what rank intervals are computed from; without it rows have no places.
    """
    tables = []
    for key, members in by_table(records):
        places = places_of(members, sample_of)
        tables.append(assembled(key, members, [make_row(record, places.get(record.case.id)) for record in members]))
    return tables


def by_table(records: Iterable[Record]) -> list[tuple[TableKey, list[Record]]]:
    """The records that stand in one table each, by task, budget, device and precision."""
    groups: defaultdict[TableKey, list[Record]] = defaultdict(list)
    for record in records:
        case = record.case
        groups[case.task.name, record.budget, record.provenance.device, case.precision].append(record)
    return sorted(groups.items(), key=lambda entry: task_order(entry[0]))


def places_of(members: Sequence[Record], sample_of: SampleOf | None) -> dict[str, Places]:
    """The places of the cases whose outcomes can be read; none where there is nothing to read them with."""
    if sample_of is None:
        return {}
    samples = {}
    for record in members:
        if record.quality is not None:
            with contextlib.suppress(RecordError):
                samples[record.case.id] = sample_of(record)
    upwards = all(record.quality.higher_is_better for record in members if record.quality)
    return rank_intervals(samples, higher_is_better=upwards)


def task_order(key: TableKey) -> tuple[str, int, str, str, str]:
    """Tasks by data set, few shots before many, full last."""
    data_set, _, size = key[0].rpartition("_")
    shots = size.removesuffix("shot")
    return data_set, int(shots) if shots.isdigit() else 10**9, *key[1:]


def assembled(key: TableKey, members: Sequence[Record], rows: Iterable[Row]) -> Table:
    """The table of these records and their rows."""
    done = [record.quality for record in members if record.quality]
    upwards = done[0].higher_is_better if done else True

    def order(row: Row) -> tuple[int, bool, float, str, str]:
        quality = (-row.value if upwards else row.value) if row.value else 0.0
        return family_place(row.family), row.value is None, quality, row.model, row.method

    task = members[0].case.task
    return Table(
        task=key[0],
        budget=key[1],
        device=key[2],
        precision=key[3],
        metric=done[0].metric if done else "none",
        higher_is_better=upwards,
        chance=chance_of(task),
        train_size=task.train_size,
        test_size=task.test_size,
        rows=tuple(sorted(rows, key=order)),
        curves=curves_of(members),
        cautions=cautions_of(members),
        sheets=tuple(
            (record.case.id, sheet.file)
            for record in sorted(members, key=lambda record: record.case.id)
            for sheet in (record.quality.pictures if record.quality else [])
        ),
    )
