"""Histories for the site: the steps as a table, the runs of every case as data of the chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptmbench.history import History, Key, Run, Step, history, in_order, key_of, levels_of, run_of, severity
from ptmbench.history_metrics import METRICS
from ptmbench.record import Record
from ptmbench.report.history import LETTERS, SCALES, change, shown
from ptmbench.report.site.holdings import Entry

MOST_STEPS = 300  # rows of the table: more take a browser long to lay out, and nobody reads them


@dataclass(frozen=True, slots=True)
class Timelines:
    """Every history that has two runs or more, and the pages of their records by (folder, case)."""

    found: tuple[History, ...]
    pages: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Timelines":
        """The histories of all metrics; records that `in_order` leaves out have none."""
        known = list(entries)
        pages = {(entry.holding.label, entry.record.case.id): entry.page for entry in known}
        dated, _ = in_order((entry.holding.label, entry.record) for entry in known)
        series: dict[tuple[Key, str], list[Run]] = {}
        for folder, record in dated:
            for metric in METRICS.values():
                series.setdefault((key_of(record, metric), metric.name), []).append(run_of(folder, record, metric))
        several = ((key, METRICS[name], runs) for (key, name), runs in sorted(series.items()) if len(runs) > 1)
        return cls(tuple(history(key, metric, tuple(runs)) for key, metric, runs in several), pages)

    def page(self, run: Run) -> str:
        """The page of a run."""
        return self.pages[run.folder, run.record.case.id]

    def marks(self, record: Record) -> dict[str, str]:
        """By the time of the first run after it, what each step of the quality of a record's case is."""
        key = key_of(record, METRICS["quality"])
        own = (one for one in self.found if one.metric.name == "quality" and one.case_id == key[0])
        return {
            step.after.started_at: told(one, step)
            for one in own
            if (one.case_id, one.budget, one.device, one.precision, one.machine) == key
            for step in one.steps
        }


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
    order = list(METRICS)
    found = [(one, step) for one in timelines.found for step in one.steps]
    found.sort(key=lambda pair: _place(pair[0], pair[1], order))
    return [_row(one, step, timelines) for one, step in found]


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
    """What the chart draws: names of metrics with scale and unit, and each history; figures in SI units."""
    rows = step_rows(timelines)
    return {
        "first": [rows[0].case_id, rows[0].metric, rows[0].setting, rows[0].machine] if rows else None,
        "metrics": [
            {"key": metric.name, "label": metric.label, "scale": scale, "unit": unit.strip()}
            for metric in METRICS.values()
            for scale, unit in (SCALES[metric.unit],)
        ],
        "series": [_as_data(one, timelines) for one in timelines.found],
    }


def _as_data(one: History, timelines: Timelines) -> dict[str, Any]:
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
        "x": [run.started_at for run in runs],
        "y": [run.value for run in runs],
        "low": [low for low, _ in intervals],
        "high": [high for _, high in intervals],
        "text": [f"{run.folder}, commit {run.commit[:LETTERS]}" for run in runs],
        "levels": [[ends[place], ends[place + 1] - 1, level] for place, level in enumerate(levels)],
        "steps": [{"at": step.index, "direction": step.direction, "text": told(one, step)} for step in one.steps],
        "unclear": one.unclear,
    }


def told(one: History, step: Step) -> str:
    """A step in words."""
    unit = one.metric.unit
    levels = f"{shown(step.level_before, unit)} to {shown(step.level_after, unit)} ({change(step, unit)})"
    return f"{step.direction}: {levels}, {step.before.commit[:LETTERS]}..{step.after.commit[:LETTERS]}"
