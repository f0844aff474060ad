"""The leaderboard as data: a row for every case of every folder, in SI units, and what a reader may see of it.

The page itself is built in the browser (`static/leaderboard.js`) from these columns; nothing is rounded here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ptmbench.analysis.case_rows import values_of
from ptmbench.analysis.comparison import task_order
from ptmbench.records.figures import Figure, all_figures, by_name, figures_in
from ptmbench.report.columns import LEADING, VERDICTS
from ptmbench.report.figures import labelled, mark_of_row, metric_name
from ptmbench.report.site.holdings import Entry

Kind = Literal["text", "number", "share", "difference", "places"]


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column that a reader may choose. Numbers are shown times `scale` with so many digits; intervals have `key`_low
    and `key`_high beside them, and `key`_mark says what they rest on. `title` says at length what the heading is short
    for; what `rises` is sorted from the highest down at first.
    """

    key: str
    label: str
    kind: Kind
    title: str
    shown: bool = True
    scale: float = 1.0
    digits: int = 0
    rises: bool = False


NAMES = (
    BoardColumn("model", "Model", "text", "The model; the link leads to all that is known of the case"),
    BoardColumn("family", "Family", "text", "How it was pre-trained; controls were not"),
    BoardColumn("task", "Task", "text", "The downstream task: data set and amount of labels"),
    BoardColumn("method", "Method", "text", "How the model was transferred to the task"),
)
PLACES = BoardColumn(
    "place", "Rank", "places", "Ranks that the row may hold among all rows of its task and folder (95 %)"
)
VERDICT = BoardColumn(
    "verdict", "Verdict", "text", "Whether the gain is clear of 0, among all of its table; one seed gives no verdict"
)
DETAILS = (
    BoardColumn("metric", "Metric", "text", "What quality is measured in", shown=False),
    BoardColumn("setting", "Setting", "text", "Budget, device and precision", shown=False),
    BoardColumn("folder", "Folder", "text", "The results folder that holds the record", shown=False),
    BoardColumn("status", "Status", "text", "Whether the case finished, and if not, how it ended", shown=False),
    BoardColumn("seeds", "Seeds", "number", "Seeds that the quality is the mean of", shown=False),
    BoardColumn(
        "gain_seeds", "Seeds of the gain", "number", "Seeds that the partner from scratch has too", shown=False
    ),
    BoardColumn("floor", "Floor", "text", "Whether the least accuracy asked for was met", shown=False),
    BoardColumn("objective", "Objective", "text", "What the model was pre-trained to do", shown=False),
    BoardColumn("source", "Source", "text", "The data that the model was pre-trained on", shown=False),
)
ORIGIN = (
    BoardColumn("distance", "Distance", "number", "From pre-training source to task", shown=False, digits=2),
    BoardColumn("machine", "Machine", "text", "Fingerprint: compare speed only between equal ones", shown=False),
    BoardColumn("commit", "Commit", "text", "The commit that ran", shown=False),
    BoardColumn("started_at", "Started", "text", "When the case ran", shown=False),
)
AT_FIRST = 1000  # rows: 0.6 MB, which a page loads and shows in a third of a second
A_PART = 5000  # rows of what follows: as many as are taken in without the page standing still
FLOORS = {True: "met", False: "missed", None: ""}


def key_of(figure: Figure) -> str:
    """What pages, and the addresses that readers share, call a figure."""
    return figure.keys("leaderboard")[0]


def columns_of(entries: Iterable[Entry]) -> list[BoardColumn]:
    """All columns; those of figures that no case has only where they stand from the start."""
    quality, gain = (_column(by_name(name)) for name in LEADING)
    others = [figure for figure in _known(entries, figures_in("leaderboard")) if figure.name not in LEADING]
    front = [_column(figure) for figure in others if "front" in figure.shown]
    chosen = [_column(figure) for figure in others if "front" not in figure.shown]
    return [*NAMES, quality, PLACES, gain, VERDICT, *front, *DETAILS, *chosen, *ORIGIN]


def _known(entries: Iterable[Entry], figures: Iterable[Figure]) -> list[Figure]:
    rows = [entry.row for entry in entries]
    return [
        figure
        for figure in figures
        if "front" in figure.shown or any(row.figures[figure.name] is not None for row in rows)
    ]


def _column(figure: Figure) -> BoardColumn:
    """The column of a figure: its heading begins with a capital letter, but for symbols such as p50."""
    kind: Kind = "number"
    if figure.interval_path:
        kind = "difference" if figure.signed else "share"
    heading = f"{figure.heading} %" if kind == "share" else figure.heading
    if not any(letter.isdigit() for letter in heading.split()[0]):
        heading = heading[0].upper() + heading[1:]
    return BoardColumn(
        key=key_of(figure),
        label=heading,
        kind=kind,
        title=figure.about,
        shown="front" in figure.shown,
        scale=figure.scale,
        digits=figure.digits,
        rises=figure.better != "less",
    )


def axes_of(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The figures that charts draw: costs, of which less is better, on a logarithmic axis."""
    return [_axis(figure) for figure in _known(entries, figures_in("charts"))]


def _axis(figure: Figure) -> dict[str, Any]:
    scale, measure = figure.axis or (figure.scale, figure.measure)
    return {
        "key": key_of(figure),
        "label": labelled(figure, measure),
        "scale": scale,
        "better": figure.better,
        "interval": figure.interval_path is not None,
    }


def fields_of(entry: Entry) -> dict[str, Any]:
    """All that the leaderboard and the charts know of a case, by name; None where there is no figure."""
    record, row = entry.record, entry.row
    quality, case = record.quality, record.case
    drawn = [figure for figure in all_figures() if figure.shown & {"leaderboard", "charts"}]
    return {
        "page": entry.page,
        "model": case.model.name,
        "family": case.model.family,
        "task": case.task.name,
        "method": case.way,
        "place": row.place_low,
        "place_high": row.place_high,
        "places": entry.rows,
        "verdict": VERDICTS.get(row.verdict or ""),
        **values_of(row, drawn, "leaderboard"),
        **{f"{key_of(figure)}_mark": mark_of_row(figure.name, row) for figure in drawn if figure.interval_path},
        "metric": metric_name(quality.metric) if quality else None,
        "upwards": quality.higher_is_better if quality else None,
        "setting": ", ".join(entry.setting),
        "folder": entry.holding.label,
        "status": record.status,
        "reason": record.reason,
        "seeds": row.seeds,
        "gain_seeds": row.gain_seeds,
        "floor": FLOORS[row.floor_met],
        "dataset": case.task.dataset,
        "examples": case.task.train_size,
        "objective": case.model.objective,
        "source": case.model.source,
        "distance": case.source_distance.value if case.source_distance else None,
        "machine": record.provenance.machine.fingerprint,
        "commit": record.provenance.commit,
        "started_at": record.provenance.started_at,
    }


def leaderboard(entries: Sequence[Entry]) -> dict[str, Any]:
    """Columns, axes of charts, names of fields, and one list of figures a case, task by task and the best first."""
    ordered = sorted(entries, key=lambda entry: task_order((entry.record.case.task.name, *entry.setting)))
    rows = [fields_of(entry) for entry in ordered]
    names = list(rows[0]) if rows else []
    return {
        "columns": [asdict(column) for column in columns_of(entries)],
        "axes": axes_of(entries),
        "fields": names,
        "rows": [[row[name] for name in names] for row in rows],
    }


def parts_of(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The leaderboard with as many of its rows as a page may load before it shows any, and the others in parts.

    The first part holds everything but those rows, and says how many `parts` follow and how many rows there are in
    `total`.
    """
    rows = board["rows"]
    others = [{"rows": rows[start : start + A_PART]} for start in range(AT_FIRST, len(rows), A_PART)]
    return [{**board, "rows": rows[:AT_FIRST], "parts": len(others), "total": len(rows)}, *others]
