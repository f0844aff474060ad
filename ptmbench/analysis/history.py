"""The history of a case: a figure over several runs, and where it stepped.

A series holds one case under one budget, device and precision; of times and memory also one machine, since those do not
compare between machines. Its runs stand in the order in which they started.
`ptmbench.statistics.change_points` says where a step is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from ptmbench.records.figures import Figure
from ptmbench.records.record import Record
from ptmbench.statistics.change_points import FEWEST, exact_steps, noisy_steps

Direction = Literal["better", "worse", "neither"]
RANK: dict[Direction, int] = {"worse": 0, "neither": 1, "better": 2}
Dated = tuple[str, Record]  # the name of the folder, and a record of it
Key = tuple[str, str, str, str, str]  # case, budget, device, precision, machine


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a case: when, by which commit, in which folder, and the figure; None has a reason instead."""

    started_at: str
    commit: str
    folder: str
    record: Record
    value: float | None
    spread: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A change of level between two neighbouring runs. `difference` is after minus before; `note` says what else
    differs between the two runs: a step between two data splits or protocols is neither better nor worse.
    """

    before: Run
    after: Run
    index: int
    level_before: float
    level_after: float
    direction: Direction
    note: str | None

    @property
    def difference(self) -> float:
        """How far the level moved."""
        return self.level_after - self.level_before


@dataclass(frozen=True, slots=True)
class History:
    """The runs of a case with the steps of one figure; `unclear` says why no step could be told, None where it could.

    `machine` is "" where the figure compares over all machines; `noise` is one standard deviation, None where unknown.
    """

    case_id: str
    budget: str
    device: str
    precision: str
    machine: str
    metric: Figure
    runs: tuple[Run, ...]
    steps: tuple[Step, ...]
    noise: float | None
    unclear: str | None

    @property
    def key(self) -> Key:
        """What its runs share."""
        return self.case_id, self.budget, self.device, self.precision, self.machine

    @property
    def measured(self) -> tuple[Run, ...]:
        """The runs that have a figure; a step's index counts among these."""
        return tuple(run for run in self.runs if run.value is not None)

    @property
    def upwards(self) -> bool | None:
        """Whether more is better, as the newest run has it; None without any figure."""
        return self.metric.upwards(self.measured[-1].record) if self.measured else None

    def worst(self) -> tuple[int, float]:
        """What histories are ordered by, the worst step first: its direction, then its size, relative for costs."""
        return min((severity(step, self.metric) for step in self.steps), default=(len(RANK), 0.0))


def severity(step: Step, metric: Figure) -> tuple[int, float]:
    """What steps are ordered by, the worst first."""
    size = abs(step.difference)
    if metric.unit != "share" and step.level_before:
        size /= abs(step.level_before)
    return RANK[step.direction], -size


def when(started_at: str) -> datetime | None:
    """The time that a record says it started at, of UTC where it names no zone; None where it is no time."""
    try:
        read = datetime.fromisoformat(started_at)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def in_order(dated: Iterable[Dated]) -> tuple[list[Dated], list[str]]:
    """The records by the time at which they started, those of one time by folder; and what was left out, and why.

    A record that stands in several folders alike, a copy, counts once.
    """
    timed: list[tuple[datetime, str, Record]] = []
    seen: dict[tuple[str, str], list[Record]] = {}
    problems: list[str] = []
    for folder, record in dated:
        started = when(record.provenance.started_at)
        if started is None:
            problems.append(
                f"{record.case.id} of {folder} is left out: it started at {record.provenance.started_at!r}, expected "
                "an ISO 8601 time such as 2026-01-31T12:00:00+00:00"
            )
            continue
        alike = seen.setdefault((record.case.id, record.provenance.started_at), [])
        if record in alike:
            problems.append(f"{record.case.id} of {folder} is a copy of an earlier folder's record: it counts once")
            continue
        alike.append(record)
        timed.append((started, folder, record))
    timed.sort(key=lambda entry: entry[:2])
    return [(folder, record) for _, folder, record in timed], problems


def histories(dated: Iterable[Dated], metric: Figure) -> list[History]:
    """The history of each case; the records stand in order, as `in_order` gives them."""
    series: defaultdict[Key, list[Run]] = defaultdict(list)
    for folder, record in dated:
        series[key_of(record, metric)].append(run_of(folder, record, metric))
    return [history(key, metric, tuple(series[key])) for key in sorted(series)]


def key_of(record: Record, metric: Figure) -> Key:
    """What the runs of one series share."""
    made = record.provenance
    machine = made.machine.fingerprint if metric.by_machine else ""
    if machine and metric.unit in {"s", "/s"}:  # a time is one of so many threads
        machine += f" ({made.machine.threads} thread{'s' * (made.machine.threads != 1)})"
    return record.case.id, record.budget, made.device, record.case.precision, machine


def run_of(folder: str, record: Record, metric: Figure) -> Run:
    """A record of a folder as a run."""
    value = metric.read(record)
    return Run(
        started_at=record.provenance.started_at,
        commit=record.provenance.commit,
        folder=folder,
        record=record,
        value=value,
        spread=metric.spread(record) if value is not None else None,
        reason=metric.why_missing(record) if value is None else None,
    )


def history(key: Key, metric: Figure, runs: tuple[Run, ...]) -> History:
    """The runs of one series with their steps."""
    measured = [run for run in runs if run.value is not None]
    values = [run.value for run in measured if run.value is not None]
    exact = all(metric.repeats_in(run.record) for run in measured)
    noise, unclear, indices = None, None, []
    if len(values) < 2:
        unclear = f"a history takes 2 runs or more, and there {'is' if len(values) == 1 else 'are'} {len(values)}"
    elif exact:
        noise, indices = 0.0, exact_steps(values)
    elif len(values) < FEWEST:
        unclear = f"too few runs to tell a step: expected {FEWEST}, got {len(values)}"
    else:
        spreads = [run.spread for run in measured if run.spread is not None]
        indices, noise = noisy_steps(values, float(np.median(spreads)) if spreads else 0.0)
    return History(*key, metric, runs, tuple(_steps(measured, indices, metric)), noise, unclear)


def _steps(runs: Sequence[Run], indices: Sequence[int], metric: Figure) -> Iterable[Step]:
    levels = levels_of(runs, indices)
    for number, index in enumerate(indices):
        before, after = levels[number], levels[number + 1]
        note, comparable = _differs(runs[index - 1].record, runs[index].record)
        rose = metric.upwards(runs[index].record) == (after > before)
        direction: Direction = "neither" if after == before or not comparable else "better" if rose else "worse"
        yield Step(runs[index - 1], runs[index], index, before, after, direction, note)


def levels_of(runs: Sequence[Run], indices: Iterable[int]) -> list[float]:
    """The median of each level, of runs that have a figure."""
    values = np.asarray([run.value for run in runs], dtype=float)
    return [float(np.median(level)) for level in np.split(values, list(indices))] if len(values) else []


def _differs(before: Record, after: Record) -> tuple[str | None, bool]:
    """What differs between two runs besides the commit, and whether their figures still compare."""
    first, second = before.case, after.case
    if before.protocol_version != after.protocol_version:
        return "measured by another protocol", False
    if first.task.split_sha256 != second.task.split_sha256:
        return "on other data", False
    if first.model.weights_sha256 != second.model.weights_sha256:
        return "with other weights", True
    return ("the case's digest differs" if first.digest != second.digest else None), True
