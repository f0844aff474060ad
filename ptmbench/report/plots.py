"""`ptmbench report --plot`: the main pictures of a report as PNG and SVG, drawn by matplotlib (extra `plot`).

cost-SETTING        quality against operations, with the Pareto front
gain-SETTING        gain over training from scratch, with intervals
labels-SETTING      quality by the amount of labels
curves-SETTING      learning curves
corrupted-SETTING   quality on corrupted test examples

Only those that the records have figures for. The same records give the same bytes under one version of matplotlib.
"""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptmbench.analysis import panels
from ptmbench.analysis.panels import Panel, Series
from ptmbench.errors import StoreError, UsageError
from ptmbench.records.record import Record
from ptmbench.report.figures import mark_of, metric_name
from ptmbench.terminal import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0b62b0", "#a84a00", "#00705c", "#8a2f86", "#7a5b00", "#b3243f", "#3d4ac2", "#1f8a9e", "#9a6fb0", "#6b8e23")
FAMILIES = {"supervised": "#0b62b0", "unsupervised": "#a84a00", "self_supervised": "#00705c", "control": "#55606b"}
OTHER = "#8a2f86"
METHODS = ("linear_probe", "knn", "fine_tune", "fine_tune_last", "fine_tune_sgd", "frozen_backbone", "from_scratch")
MARKERS = "osD^vPX*hp<>"
DASHES = ("-", "--", ":", "-.")
WIDTH, HEIGHT, ACROSS = 4.2, 3.2, 3  # inches of a panel, panels in a row
ROW = 0.26  # inches of a model's line in a picture of gains
LETTER = 0.075  # inches of a letter of the legend, on average
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "ptmbench",  # otherwise every run names the parts of an SVG anew
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.grid": True,
    "grid.color": "#dde1e6",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
SEVERAL_DECADES = 300  # above it only powers of ten carry a number
Keys = dict[str, Any]  # what the legend shows by its label


def draw(records: Sequence[Record], target: Path) -> list[Path]:
    """Draws all pictures into the folder, whose files of these names are replaced; returns the paths written."""
    try:
        import matplotlib as mpl
    except ImportError:
        raise UsageError("--plot needs matplotlib: pip install 'ptmbench[plot]'") from None
    written: list[Path] = []
    with mpl.rc_context(STYLE):
        for setting, tables in panels.settings_of(records).items():
            name = re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join(setting))
            for kind, choose, title, draw_panel in PICTURES:
                found = choose(tables)
                if found:
                    figure = _figure(found, f"{title} ({printable(', '.join(setting))}){_rests_on(found)}", draw_panel)
                    written += _save(figure, target, f"{kind}-{name}")
    if not written:
        raise UsageError("the folders hold no finished case: there is nothing to draw")
    return written


def _rests_on(found: Sequence[Panel]) -> str:
    """What intervals of one seed, which cannot be told from others by their looks, are over; behind the title."""
    points = [point for panel in found for series in panel.series for point in series.points]
    marked = sum(bool(mark_of(point.interval_kind)) for point in points)
    if not marked:
        return ""
    which = "all" if marked == len(points) else f"{marked} of {len(points)}"
    return f"\nIntervals of {which} rest on one seed: they are over test examples alone"


def _save(figure: "Figure", target: Path, name: str) -> list[Path]:
    paths = [target / f"{name}.png", target / f"{name}.svg"]
    try:
        target.mkdir(parents=True, exist_ok=True)
        figure.savefig(paths[0], dpi=150, metadata={"Software": None})
        figure.savefig(paths[1], metadata={"Date": None})
    except OSError as error:
        raise StoreError(f"{target} cannot be written ({error.strerror}): give a folder with -o") from None
    return paths


def _figure(found: Sequence[Panel], title: str, draw_panel: "Callable[[Axes, Panel, Keys], None]") -> "Figure":
    """One picture of several panels with a legend below; nothing global is touched, as pyplot would."""
    from matplotlib.figure import Figure

    columns = min(ACROSS, len(found))
    rows = math.ceil(len(found) / columns)
    tall = max(_height(panel, draw_panel) for panel in found)
    figure = Figure(figsize=(max(WIDTH * columns, 6.0), tall * rows + 1.2), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    keys: Keys = {}
    for place, panel in zip(axes, found, strict=False):
        place.set_title(printable(panel.title), loc="left")
        draw_panel(place, panel, keys)
    for place in axes[len(found) :]:
        place.set_axis_off()
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    longest = max(map(len, keys), default=0)
    across = max(int(figure.get_figwidth() / (LETTER * longest + 0.6)), 1)
    figure.legend(keys.values(), keys.keys(), loc="outside lower center", ncols=across, frameon=False)
    return figure


def _height(panel: Panel, draw_panel: "Callable[[Axes, Panel, Keys], None]") -> float:
    if draw_panel is not _gains:
        return HEIGHT
    return max(HEIGHT, ROW * len({series.model for series in panel.series}) + 0.9)


def family_colour(family: str) -> str:
    """The colour of a family, the same as on the site."""
    return FAMILIES.get(family, OTHER)


def _methods(panel: Panel) -> list[str]:
    return sorted({series.method for series in panel.series})


def _key(colour: str, marker: str, line: Any = "") -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, marker=marker, linestyle=line, markersize=5)


def _method_mark(method: str) -> str:
    """The same shape in every picture; methods that are not ours share one."""
    return MARKERS[METHODS.index(method)] if method in METHODS else MARKERS[-1]


def _logarithmic(axes: "Axes") -> None:
    """A logarithmic axis with plain numbers: matplotlib's own labels need the mathematics that is off."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    several = high / low > SEVERAL_DECADES
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if several else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _cost(axes: "Axes", panel: Panel, keys: Keys) -> None:
    for series in panel.series:
        (point,) = series.points
        colour, marker = family_colour(series.family), _method_mark(series.method)
        low, high = point.interval or (point.y, point.y)
        axes.errorbar(point.x, point.y, [[max(point.y - low, 0)], [max(high - point.y, 0)]], color=colour,
                      marker=marker, markersize=4.5, elinewidth=0.7, linestyle="")  # fmt: skip
        keys.setdefault(series.family.replace("_", "-"), _key(colour, "o"))
    for method in _methods(panel):
        keys.setdefault(method, _key(FAMILIES["control"], _method_mark(method)))
    front = panels.front_of(panel)
    axes.plot([point.x for point in front], [point.y for point in front], color="#55606b", linewidth=1, linestyle="--")
    keys.setdefault("Pareto front", _key("#55606b", "", "--"))
    _logarithmic(axes)
    axes.set_xlabel("MMACs of one input")
    axes.set_ylabel(f"{printable(metric_name(panel.metric))}, %")


def _gains(axes: "Axes", panel: Panel, keys: Keys) -> None:
    names = {int(series.points[0].x): series.model for series in panel.series}
    methods = _methods(panel)
    for series in panel.series:
        (point,) = series.points
        low, high = point.interval or (point.y, point.y)
        shift = 0.6 * ((methods.index(series.method) + 0.5) / len(methods) - 0.5)
        colour, marker = family_colour(series.family), _method_mark(series.method)
        axes.errorbar(point.y, point.x - shift, xerr=[[max(point.y - low, 0)], [max(high - point.y, 0)]], color=colour,
                      marker=marker, markersize=3.5, elinewidth=0.8, linestyle="")  # fmt: skip
        keys.setdefault(series.family.replace("_", "-"), _key(colour, "o"))
        keys.setdefault(series.method, _key(FAMILIES["control"], marker))
    axes.axvline(0, color="#55606b", linewidth=1)
    axes.set_yticks(list(names), [printable(name) for name in names.values()])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("points over scratch")


def _lines(axes: "Axes", panel: Panel, keys: Keys, *, band: bool = True) -> None:
    for series in panel.series:
        label = printable(series.model)
        if label not in keys:
            place = len(keys)
            colour = COLOURS[place % len(COLOURS)]
            keys[label] = _key(colour, MARKERS[place % len(MARKERS)], DASHES[place // len(COLOURS) % len(DASHES)])
        _line(axes, series, keys[label], band=band)
    axes.set_ylabel(f"{printable(metric_name(panel.metric))}, %")


def _line(axes: "Axes", series: Series, like: Any, *, band: bool) -> None:
    xs, ys = [point.x for point in series.points], [point.y for point in series.points]
    axes.plot(xs, ys, color=like.get_color(), marker=like.get_marker(), linestyle=like.get_linestyle(), markersize=3.5,
              linewidth=1.2)  # fmt: skip
    intervals = [point.interval for point in series.points if point.interval]
    if band and len(intervals) == len(xs):
        axes.fill_between(xs, [low for low, _ in intervals], [high for _, high in intervals], color=like.get_color(),
                          alpha=0.12, linewidth=0)  # fmt: skip


def _labels(axes: "Axes", panel: Panel, keys: Keys) -> None:
    _lines(axes, panel, keys)
    _logarithmic(axes)
    axes.set_xlabel("labelled training examples")


def _curves(axes: "Axes", panel: Panel, keys: Keys) -> None:
    _lines(axes, panel, keys)
    axes.set_xlabel("steps of training (validation split)")


def _corrupted(axes: "Axes", panel: Panel, keys: Keys) -> None:
    _lines(axes, panel, keys, band=False)
    axes.set_xlabel("severity (0: clean)")


PICTURES: "tuple[tuple[str, Callable[[panels.Tables], list[Panel]], str, Callable[[Axes, Panel, Keys], None]], ...]" = (
    ("cost", panels.cost_panels, "Quality against cost", _cost),
    ("gain", panels.gain_panels, "Gain over training from scratch", _gains),
    ("labels", panels.label_panels, "Quality by amount of labels", _labels),
    ("curves", panels.curve_panels, "Learning curves, the best method of each model", _curves),
    (
        "corrupted",
        panels.corruption_panels,
        "Corrupted test examples, the best method of each model",
        _corrupted,
    ),
)
