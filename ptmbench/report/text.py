"""Tables as text and as Markdown."""

import textwrap
from collections.abc import Callable, Iterable, Sequence

from tabulate import tabulate

from ptmbench.report.curves import render_curves
from ptmbench.report.figures import NONE, metric_name, percent, place_range, scaled
from ptmbench.report.sources import SourceTable
from ptmbench.report.tables import Row, Table

VERDICTS = {"helps": "helps", "no_clear_difference": "no clear difference", "hurts": "hurts"}
HEADERS = (
    "family",
    "model",
    "method",
    "quality [95 %]",
    "place",
    "gain over scratch [95 %]",
    "verdict",
    "params",
    "MMACs",
    "p50 ms",
    "p95 ms",
    "infer MiB",
    "train MiB",
    "carry-over s",
)
QUALITY_COLUMNS = 7  # family, model, method, quality, place, gain, verdict
REASON_WIDTH = 100  # letters of why a case did not finish: the record has all of it
EVERYTHING = 10_000  # a width that leaves no column out
LEGEND = (
    "quality: the metric of the title in %, on the test split, with its 95 % interval (its kind is in the records)",
    "place: the places in this table that a row may hold, from paired comparisons with all others (95 %)",
    "gain over scratch: percentage points over the same architecture from scratch on the same budget, paired",
    "verdict: helps or hurts where the interval of the gain is clear of 0",
    "p50, p95: latency of one input; infer, train MiB: peak memory at batch 1, and in one training step",
    "carry-over s: seconds at one seed for features (paid once, shared) and for fitting or training",
    "controls: *.random is the architecture at random initialisation, pixels and tfidf no network at all",
)
Mark = Callable[[str], str]


def _cells(row: Row, family: str, table: Table, mark: Mark) -> list[str]:
    if row.value is None:
        why = f"{row.status}: {textwrap.shorten(row.reason or '', REASON_WIDTH)}"
        return [family, row.model, row.method, why, *[NONE] * (len(HEADERS) - 4)]

    def marked(column: str, text: str) -> str:
        return mark(text) if getattr(row, column) is not None and getattr(row, column) == table.best(column) else text

    below = " below floor" if row.floor_met is False else ""
    return [
        family,
        row.model,
        row.method,
        marked("value", percent(row.value, row.low, row.high)) + below,
        place_range(row.place_low, row.place_high),
        marked("gain", percent(row.gain, row.gain_low, row.gain_high, "+")),
        VERDICTS[row.verdict] if row.verdict else NONE,
        marked("parameters", scaled(row.parameters, 1, 0)),
        marked("macs", scaled(row.macs, 1e-6, 3)),
        marked("latency_p50_s", scaled(row.latency_p50_s, 1e3, 2)),
        marked("latency_p95_s", scaled(row.latency_p95_s, 1e3, 2)),
        marked("inference_bytes", scaled(row.inference_bytes, 2**-20, 2)),
        marked("training_bytes", scaled(row.training_bytes, 2**-20, 1)),
        marked("carry_over_time_s", scaled(row.carry_over_time_s, 1, 2)),
    ]


def _title(table: Table) -> str:
    known = table.train_size is not None and table.test_size is not None
    sizes = f"{table.train_size} training and {table.test_size} test examples, " if known else ""
    chance = "" if table.chance is None else f"chance {100 * table.chance:.0f} %, "
    return (
        f"{table.task} ({table.budget}, {table.device}, {table.precision}): "
        f"{metric_name(table.metric)}, {sizes}{chance}"
        f"{table.finished} of {len(table.rows)} cases finished"
    )


def _grid(table: Table, mark: Mark, style: str, columns: int = len(HEADERS)) -> str:
    families = [row.family.replace("_", "-") for row in table.rows]
    shown = [now if now != before else "" for before, now in zip(["", *families], families, strict=False)]
    rows = [_cells(row, family, table, mark)[:columns] for row, family in zip(table.rows, shown, strict=True)]
    aligned = [*["left"] * QUALITY_COLUMNS, *["right"] * (len(HEADERS) - QUALITY_COLUMNS)][:columns]
    return tabulate(rows, headers=HEADERS[:columns], tablefmt=style, colalign=aligned, disable_numparse=True)


def _grid_within(table: Table, width: int) -> str:
    """The table with as many columns of cost as the width allows; those of quality always."""
    for columns in range(len(HEADERS), QUALITY_COLUMNS - 1, -1):
        grid = _grid(table, lambda cell: cell + " *", "simple", columns)
        if max(map(len, grid.splitlines())) <= width:
            break
    left_out = ", ".join(HEADERS[columns:])
    return f"{grid}\n(the window is too narrow for: {left_out})" if left_out else grid


def _curves(table: Table, style: str) -> str:
    return f"\n{render_curves(table.curves, metric_name(table.metric), style)}" if table.curves else ""


def _pictures(table: Table) -> str:
    """The pictures of the table's cases, folded away; nothing where there are none."""
    if not table.sheets:
        return ""
    shown = "\n".join(f"\n`{case_id}`\n\n![{case_id}]({file})" for case_id, file in table.sheets)
    summary = "<summary>Test pictures: the truth, and what each case made of them</summary>"
    return f"\n<details>{summary}\n{shown}\n</details>\n"


def render_text(tables: Sequence[Table], sources: Iterable[SourceTable] = (), width: int = EVERYTHING) -> str:
    """Tables for a terminal of that width; the best figure of each column carries a star."""
    parts = [f"{_title(table)}\n\n{_grid_within(table, width)}\n{_curves(table, 'simple')}" for table in tables]
    parts += [render_source(source, "simple") for source in sources]
    if tables:
        parts.append("\n".join(f"  {line}" for line in (*LEGEND, "*: best of its column")))
    return "\n".join(parts)


def render_markdown(tables: Sequence[Table], sources: Iterable[SourceTable] = ()) -> str:
    """Tables as Markdown; the best figure of each column is bold."""
    parts = [
        f"## {_title(table)}\n\n{_grid(table, lambda cell: f'**{cell}**', 'github')}\n{_curves(table, 'github')}"
        f"{_pictures(table)}"
        for table in tables
    ]
    parts += [render_source(source, "github", "## ") for source in sources]
    if tables:
        parts.append("\n".join(f"- {line}" for line in (*LEGEND, "bold: best of its column")) + "\n")
    return "\n".join(parts)


def render_source(source: SourceTable, style: str, heading: str = "") -> str:
    """The table of source against task, with what the rank correlation says."""
    headers = ["task", "method", *(f"{name}: gain [95 %], distance" for name in source.sources)]
    rows = [
        [line.task, line.method] + [f"{percent(*cell.gain, sign='+')}, {cell.distance:.2f}" for cell in line.cells]
        for line in source.lines
    ]
    title = f"{heading}Does the source matter? {source.architecture}, {source.budget}: gain over scratch by source"
    grid = tabulate(rows, headers=headers, tablefmt=style, disable_numparse=True)
    low, high = source.correlation95
    return (
        f"{title}\n\n{grid}\n\nRank correlation of distance and gain within a task: {source.correlation:+.2f} "
        f"[{low:+.2f}, {high:+.2f}] over {len(source.lines)} rows of {source.data_sets} data sets: "
        f"{source.conclusion}.\n"
    )
