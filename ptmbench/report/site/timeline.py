"""Histories for the site: the steps as a table, the runs of every case as data of the chart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptmbench.analysis.history import History, Key, Run, Step, history, in_order, key_of, levels_of, run_of, severity
from ptmbench.records.figures import by_name, figures_in
from ptmbench.records.record import Record
from ptmbench.report.figures import mark_of
from ptmbench.report.history import LETTERS, SCALES, change, shown
from ptmbench.report.site.holdings import Entry

Place = tuple[str, str]  # when a run started, and its folder with its commit
MOST_STEPS = 300  # rows of the table: more take a browser long to lay out, and nobody reads them


@dataclass(frozen=True, slots=True)
class Timelines:
    """Every history of two runs or more, one of them with a figure; and pages by folder and case."""

    found: tuple[History, ...]
    pages: Mapping[tuple[str, str], str]
    qualities: Mapping[Key, History]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Timelines":
        """The histories of all metrics; records that `in_order` leaves out have none."""
        known = list(entries)
        pages = {(entry.holding.label, entry.record.case.id): entry.page for entry in known}
        dated, _ = in_order((entry.holding.label, entry.record) for entry in known)
        quality = by_name("quality")
        often = Counter(key_of(record, quality) for _, record in dated)
        series: dict[tuple[Key, str], list[Run]] = {}
        for folder, record in dated:
            if often[key_of(record, quality)] < 2:
                continue  # of most: a site of one folder would make millions of runs that have no history
            for metric in figures_in("history"):
                series.setdefault((key_of(record, metric), metric.name), []).append(run_of(folder, record, metric))
        order = _order()
        several = sorted(
            (history(key, by_name(name), tuple(runs)) for (key, name), runs in series.items() if len(runs) > 1),
            key=lambda one: (
                one.case_id,
                one.budget,
                one.device,
                one.precision,
                order.index(one.metric.name),
                one.machine,
            ),
        )
        found = tuple(one for one in several if one.measured)
        return cls(found, pages, {one.key: one for one in found if one.metric.name == "quality"})

    def page(self, run: Run) -> str:
        """The page of a run."""
        return self.pages[run.folder, run.record.case.id]

    def marks(self, record: Record) -> dict[str, str]:
        """By the time of the first run after it, what each step of the quality of a record's case is."""
        one = self.qualities.get(key_of(record, by_name("quality")))
        return {step.after.started_at: told(one, step) for step in one.steps} if one else {}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the table shows it."""

    case_id: str
    setting: str
    machine: str
    metric: str
    label: str
    before: str
    after: str
    change: str
    direction: str
    commits: str
    started_at: str
    folders: str
    note: str
    page: str


def step_rows(timelines: Timelines) -> list[StepRow]:
    """All steps, the worst first; of one direction metric by metric."""
    order = _order()
    found = [(one, step) for one in timelines.found for step in one.steps]
    found.sort(key=lambda pair: _place(pair[0], pair[1], order))
    return [_row(one, step, timelines) for one, step in found]


def _order() -> list[str]:
    """The figures that have a history, by name."""
    return [figure.name for figure in figures_in("history")]


def _place(one: History, step: Step, order: Sequence[str]) -> tuple[int, int, float, str, int]:
    rank, size = severity(step, one.metric)
    return rank, order.index(one.metric.name), size, one.case_id, step.index


def _row(one: History, step: Step, timelines: Timelines) -> StepRow:
    unit = one.metric.unit
    return StepRow(
        case_id=one.case_id,
        setting=_setting(one),
        machine=one.machine,
        metric=one.metric.name,
        label=one.metric.label,
        before=shown(step.level_before, unit),
        after=shown(step.level_after, unit),
        change=change(step, unit),
        direction=step.direction,
        commits=f"{step.before.commit[:LETTERS]}..{step.after.commit[:LETTERS]}",
        started_at=step.after.started_at,
        folders=f"{step.before.folder} → {step.after.folder}",
        note=step.note or "",
        page=timelines.page(step.after),
    )


def _setting(one: History) -> str:
    return f"{one.budget}, {one.device}, {one.precision}"


def timeline_data(timelines: Timelines) -> dict[str, Any]:
    """What the chart draws: metrics with scale and unit, the runs of each case once, and of each history the figures in
    SI units, each with the position of its run.
    """
    rows = step_rows(timelines)
    runs: dict[Key, dict[Place, int]] = {}
    series = [_as_data(one, timelines, runs.setdefault((*one.key[:-1], ""), {})) for one in timelines.found]
    order = {key: number for number, key in enumerate(runs)}
    return {
        "first": [rows[0].case_id, rows[0].metric, rows[0].setting, rows[0].machine] if rows else None,
        "metrics": [
            {"key": metric.name, "label": metric.label, "scale": scale, "unit": unit.strip()}
            for metric in figures_in("history")
            for scale, unit in (SCALES[metric.unit],)
        ],
        "runs": [
            {"x": [started for started, _ in known], "text": [text for _, text in known]} for known in runs.values()
        ],
        "series": [
            {"runs": order[*one.key[:-1], ""], **data} for one, data in zip(timelines.found, series, strict=True)
        ],
    }


def _as_data(one: History, timelines: Timelines, known: dict[Place, int]) -> dict[str, Any]:
    """The figures of a history; runs that are not among the known ones of its case are added to them."""
    runs = one.measured
    banded = one.metric.unit == "share"
    intervals = [one.metric.interval(run.record) or (None, None) for run in runs] if banded else []
    ends = [0, *(step.index for step in one.steps), len(runs)]
    levels = levels_of(runs, ends[1:-1])
    return {
        "case": one.case_id,
        "setting": _setting(one),
        "machine": one.machine,
        "metric": one.metric.name,
        "page": timelines.page(one.runs[-1]),
        "at": [known.setdefault(_place_of(run), len(known)) for run in runs],
        "y": [run.value for run in runs],
        "low": [low for low, _ in intervals],
        "high": [high for _, high in intervals],
        "marks": [mark_of(one.metric.interval_kind(run.record)) for run in runs] if banded else [],
        "levels": [[ends[place], ends[place + 1] - 1, level] for place, level in enumerate(levels)],
        "steps": [{"at": step.index, "direction": step.direction, "text": told(one, step)} for step in one.steps],
        "unclear": one.unclear,
    }


def _place_of(run: Run) -> Place:
    return run.started_at, f"{run.folder}, commit {run.commit[:LETTERS]}"


def told(one: History, step: Step) -> str:
    """A step in words."""
    unit = one.metric.unit
    levels = f"{shown(step.level_before, unit)} to {shown(step.level_after, unit)} ({change(step, unit)})"
    return f"{step.direction}: {levels}, {step.before.commit[:LETTERS]}..{step.after.commit[:LETTERS]}"
