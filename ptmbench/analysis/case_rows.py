"""The row of a case in a table: the figures of its record, with the ranks and the verdict that it has there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ptmbench.analysis.shared_seeds import SharedSeeds
from ptmbench.records.figures import Figure, Place, all_figures, figures_in
from ptmbench.records.record import Gain, Record, Verdict
from ptmbench.records.record_part import Interval
from ptmbench.statistics.estimates import of_one_seed
from ptmbench.statistics.rank_intervals import Places


@dataclass(frozen=True, slots=True)
class CaseRow:
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
    gain_seeds: int | None
    figures: Mapping[str, float | None]
    intervals: Mapping[str, Interval]
    no_gain: str | None = None  # why there is none, where there could be one
    busy: bool = False  # whether other work had the cores while its latency was measured
    shared: SharedSeeds | None = None  # what the gain is the difference of; None where its partner is not at hand

    @property
    def value(self) -> float | None:
        """The quality; None where the case did not finish."""
        return self.figures["quality"]

    @property
    def gain(self) -> float | None:
        """The gain over the same architecture from scratch."""
        return self.figures["gain"]

    @property
    def subtracts(self) -> bool:
        """Whether quality less the partner's quality is the gain: all rest on the same seeds, as far as is known."""
        return self.shared.subtracts if self.shared else self.gain_seeds in {None, self.seeds}

    def ends(self, name: str) -> Interval | tuple[None, None]:
        """The ends of a figure's interval."""
        return self.intervals.get(name, (None, None))


NO_FACTS = {"figures", "intervals", "no_gain", "busy", "shared"}
FACTS = tuple(entry.name for entry in fields(CaseRow) if entry.name not in NO_FACTS)
AT_GAIN_SEEDS = ("quality_at_gain_seeds", "partner_at_gain_seeds")  # their difference is the gain


def make_row(
    record: Record,
    places: Places | None = None,
    verdict: Verdict | None = None,
    shared: SharedSeeds | None = None,
) -> CaseRow:
    """The figures of a record, with the ranks that it may hold in its table, and the verdict that stands in it."""
    quality, gain, known = record.quality, record.gain, all_figures()
    return CaseRow(
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
        verdict=verdict or (told_by(gain) if gain else None),
        seeds=len(quality.seeds) if quality else None,
        gain_seeds=gain.seeds if gain else None,
        figures={figure.name: figure.read(record) for figure in known},
        intervals={figure.name: ends for figure in known if (ends := figure.interval(record))},
        no_gain=_no_gain(record),
        busy=bool(record.cost and record.cost.latency_s and record.cost.latency_s.busy),
        shared=shared,
    )


def told_by(gain: Gain) -> Verdict:
    """The verdict of a gain by itself; records of before one seed gave none are not taken at their word."""
    return "one_seed" if of_one_seed(gain.interval_kind) else gain.verdict


def _no_gain(record: Record) -> str | None:
    """Why a finished transfer has no gain; None where it has one, and for controls, which have none."""
    if record.quality is None or record.gain is not None or record.case.model.is_control:
        return None
    return record.missing.get("gain")


def figures_of(row: CaseRow, place: Place) -> dict[str, float | None]:
    """The figures that a place shows of a row, with the ends of intervals behind them, as the place calls them."""
    return values_of(row, figures_in(place), place)


def values_of(row: CaseRow, figures: Iterable[Figure], place: Place) -> dict[str, float | None]:
    """The values of these figures, under the keys by which a place knows them."""
    found: dict[str, float | None] = {}
    for figure in figures:
        found |= zip(figure.keys(place), (row.figures.get(figure.name), *row.ends(figure.name)), strict=False)
    return found


def flat(row: CaseRow, place: Place) -> dict[str, Any]:
    """A row as other programs read it: what the case is, then its figures."""
    shared = row.shared
    at_gain_seeds = zip(AT_GAIN_SEEDS, (shared.quality, shared.partner) if shared else (None, None), strict=True)
    return {name: getattr(row, name) for name in FACTS} | dict(at_gain_seeds) | figures_of(row, place)


def names_of(place: Place) -> list[str]:
    """The names of a flat row, in its order."""
    return [*FACTS, *AT_GAIN_SEEDS, *(key for figure in figures_in(place) for key in figure.keys(place))]
