"""What the pictures of a report show: panels of points and lines, chosen from tables; drawn by `plots`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ptmbench.analysis.comparison import TableKey, by_table
from ptmbench.analysis.series import corrupted_of, curve_of
from ptmbench.records.figures import by_name
from ptmbench.records.record import Gain, Record, quality_of

PROBE = "linear_probe"  # what curves by labels show where it was run: the same for all models, and quick
Interval = tuple[float, float] | None
Members = Sequence[Record]
Tables = Sequence[tuple[TableKey, list[Record]]]


@dataclass(frozen=True, slots=True)
class Point:
    """A figure in percent or points, with its interval where it has one, and what that is over."""

    x: float
    y: float
    interval: Interval = None
    interval_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Points that belong together: one model, or one case."""

    model: str
    family: str
    method: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a task with its metric."""

    title: str
    metric: str
    upwards: bool
    series: tuple[Series, ...]


def settings_of(records: Iterable[Record]) -> dict[tuple[str, str, str], Tables]:
    """The finished records by budget, device and precision, then by task as tables have them.

    Of a case that lies in several folders the record that ran last counts.
    """
    found: defaultdict[tuple[str, str, str], list[tuple[TableKey, list[Record]]]] = defaultdict(list)
    for key, members in by_table(record for record in records if record.quality):
        ordered = sorted(members, key=lambda record: record.provenance.started_at)
        found[key[1:]].append((key, list({record.case.id: record for record in ordered}.values())))
    return dict(sorted(found.items()))


def best_of_each_model(members: Members) -> list[Record]:
    """The case of each model with the best quality, by the model's name."""

    def quality(record: Record) -> float:
        found = quality_of(record)
        return found.value if found.higher_is_better else -found.value

    best = {record.case.model.name: record for record in sorted(members, key=quality)}
    return [best[name] for name in sorted(best)]


def by_data_set(tables: Tables) -> dict[str, Tables]:
    """The tables of each data set, few labels before many."""
    found: defaultdict[str, list[tuple[TableKey, list[Record]]]] = defaultdict(list)
    for key, members in tables:
        found[members[0].case.task.dataset].append((key, members))
    return dict(found)


def _panel(title: str, members: Members, series: Iterable[Series]) -> Panel:
    quality = quality_of(members[0])
    return Panel(title, quality.metric, quality.higher_is_better, tuple(series))


def _series(record: Record, points: Iterable[Point]) -> Series:
    case = record.case
    return Series(case.model.name, case.model.family, case.way, tuple(points))


def cost_panels(tables: Tables) -> list[Panel]:
    """Quality in % against MMACs on the task with the most labels of each data set; cases without MACs are left out."""
    panels, macs = [], by_name("macs")
    for found in by_data_set(tables).values():
        key, members = found[-1]
        series = [
            _series(record, [_quality_at(operations * macs.scale, record)])
            for record in members
            if (operations := macs.read(record))
        ]
        if series:
            panels.append(_panel(key[0], members, series))
    return panels


def _quality_at(x: float, record: Record) -> Point:
    quality = quality_of(record)
    return Point(x, 100 * quality.value, _points(quality.interval95), quality.interval_kind)


def front_of(panel: Panel) -> list[Point]:
    """The points of single-point series that no other one beats on both axes (less cost, better quality), by cost."""
    points = sorted(
        (point for series in panel.series for point in series.points),
        key=lambda point: (point.x, -point.y if panel.upwards else point.y),
    )
    kept: list[Point] = []
    for point in points:
        if not kept or (point.y > kept[-1].y if panel.upwards else point.y < kept[-1].y):
            kept.append(point)
    return kept


def gain_panels(tables: Tables) -> list[Panel]:
    """Gains over scratch in points on the task with the fewest labels of each data set; x counts models."""
    panels = []
    for found in by_data_set(tables).values():
        key, members = found[0]
        gained = [record for record in members if record.gain]
        names = sorted({record.case.model.name for record in gained}, key=lambda name: _best_gain(name, gained))
        series = [
            _series(record, [_gain_at(names.index(record.case.model.name), gain)])
            for record in gained
            if (gain := record.gain)
        ]
        if series:
            panels.append(_panel(key[0], members, series))
    return panels


def _gain_at(x: float, gain: Gain) -> Point:
    return Point(x, 100 * gain.value, _points(gain.interval95), gain.interval_kind)


def _points(interval: tuple[float, float]) -> tuple[float, float]:
    return 100 * interval[0], 100 * interval[1]


def _best_gain(name: str, gained: Members) -> tuple[float, str]:
    return max(record.gain.value for record in gained if record.gain and record.case.model.name == name), name


def label_panels(tables: Tables) -> list[Panel]:
    """Quality in % by labelled training examples, with one method, for each data set with several amounts of labels."""
    panels = []
    for data_set, found in by_data_set(tables).items():
        methods = {record.case.way for _, members in found for record in members}
        method = PROBE if PROBE in methods else min(methods)
        lines: defaultdict[tuple[str, str], list[Point]] = defaultdict(list)
        for _, members in found:
            for record in members:
                size = record.case.task.train_size
                if record.case.way == method and size:
                    lines[record.case.model.name, record.case.model.family].append(_quality_at(size, record))
        series = [
            Series(model, family, method, tuple(sorted(points, key=lambda point: point.x)))
            for (model, family), points in sorted(lines.items())
            if len(points) > 1
        ]
        if series:
            panels.append(_panel(f"{data_set}, {method}", found[0][1], series))
    return panels


def curve_panels(tables: Tables) -> list[Panel]:
    """The best case of each model on each task whose training was watched: the metric in % on the validation split by
    step; the band reaches over seeds.
    """
    panels = []
    for key, members in tables:
        watched = best_of_each_model([record for record in members if quality_of(record).curve])
        series = []
        for record in watched:
            curve = curve_of(quality_of(record))
            steps = zip(curve["x"], curve["y"], curve["low"], curve["high"], strict=True)
            series.append(_series(record, (Point(x, 100 * y, (100 * low, 100 * high)) for x, y, low, high in steps)))
        if series:
            panels.append(_panel(key[0], members, series))
    return panels


def corruption_panels(tables: Tables) -> list[Panel]:
    """The best case of each model on each task with corrupted test examples: the metric in % by severity, mean over
    corruptions; 0 is clean.
    """
    panels = []
    for key, members in tables:
        corrupted = best_of_each_model([record for record in members if quality_of(record).corrupted])
        series = []
        for record in corrupted:
            levels = corrupted_of(quality_of(record))["all"]
            series.append(_series(record, (Point(x, 100 * y) for x, y in zip(levels["x"], levels["y"], strict=True))))
        if series:
            panels.append(_panel(key[0], members, series))
    return panels
