"""Tables for a terminal: as many columns as its width allows, of 80 columns on; wider than any, all of them.

Where the intervals of quality and gain fit, a table looks as in the other formats and loses columns of cost from the
right. Where they do not, families become lines of their own, the gain stands without its interval beside its verdict,
and names break over several lines. Nothing is lost: `ptmbench report` writes all columns, and the records hold all.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.sources import SourceTable
from ptmbench.report.captions import LEGEND, conclusion_of, notes_of, title_of, title_of_sources
from ptmbench.report.columns import (
    FAMILY,
    METHOD,
    MODEL,
    PLACE,
    TableColumn,
    by_class,
    columns_of,
    costs,
    figure_column,
    floor_note,
)
from ptmbench.report.curves import render_curves
from ptmbench.report.figures import NONE, mark_of, mark_of_row, metric_name, percent
from ptmbench.report.markdown import reason_of
from ptmbench.terminal import Paint, painter

EVERYTHING = 10_000  # a width that leaves no column out
SHORT_VERDICTS = {"helps": "helps", "no_clear_difference": "unclear", "hurts": "hurts", "one_seed": "1 seed"}
GAP = 2  # between the columns of a plain table
LEAST_NAME = 16  # letters of a line of a broken name: those of the longest family
BREAKS = re.compile(r"[^._\-:/@]+[._\-:/@]*|[._\-:/@]+")  # a name and its parts, each with what ends it


def _short_gain(row: CaseRow) -> str:
    if row.gain is None:
        return NONE
    return f"{100 * row.gain:+.1f}{mark_of_row('gain', row)} {SHORT_VERDICTS[row.verdict or '']}"


SHORT_GAIN = TableColumn("gain, verdict", _short_gain, "gain")
LEAST = frozenset({"model", "method", "quality", "gain"})
# What a narrow table takes up, in this order, as it gets wider.
GROWING = ("macro_f1", "rank", "latency_p50_s", "macs", "carry_over_time_s", "parameters")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table, and whether its families are lines of their own."""

    columns: tuple[TableColumn, ...]
    grouped: bool


def layouts(table: ComparisonTable) -> list[Layout]:
    """What the table may look like, the widest first."""
    every, behind = (FAMILY, *columns_of(table)), costs(table)
    narrow = (MODEL, METHOD, figure_column("quality"), *by_class(table), PLACE, SHORT_GAIN, *behind)
    wide = [Layout(every[:count], grouped=False) for count in range(len(every), len(every) - len(behind) - 1, -1)]
    kept = [LEAST.union(GROWING[:count]) for count in range(len(GROWING), -1, -1)]
    return wide + [Layout(tuple(column for column in narrow if column.key in names), grouped=True) for names in kept]


def _of_use(layout: Layout, table: ComparisonTable) -> Layout:
    """The layout without columns of figures that no row has: those that are there win their place."""
    there = {name for row in table.rows for name, value in row.figures.items() if value is not None}
    if not there:
        return layout
    kept = [column for column in layout.columns if column.figure is None or column.figure in there]
    if "gain" not in there:
        kept = [column for column in kept if column.key not in {"gain", "verdict"}]
    return replace(layout, columns=tuple(kept))


def broken(name: str, width: int) -> str:
    """A name in lines of at most `width` letters, broken behind its dots and underscores where that is possible."""
    lines = [""]
    for part in BREAKS.findall(name) if len(name) > width else [name]:
        piece = part
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        while len(piece) > width:
            lines[-1:] = [piece[:width], ""]
            piece = piece[width:]
        lines[-1] += piece
    return "\n".join(line for line in lines if line)


def _cell(column: TableColumn, row: CaseRow, table: ComparisonTable, paint: Paint) -> str:
    text = column.text(row)
    if column.is_best(row, table):
        return paint(f"{text} *", "best")
    if (column.key == "verdict" or column == SHORT_GAIN) and row.verdict in {"helps", "hurts"}:
        return paint(text, row.verdict)
    return text


def _cells(row: CaseRow, table: ComparisonTable, layout: Layout, paint: Paint) -> list[str]:
    cells = [_cell(column, row, table, paint) for column in layout.columns]
    at = [column.key for column in layout.columns].index("quality")
    if row.value is None:
        why = row.status.replace("_", " ") if layout.grouped else reason_of(row)
        return [*cells[:at], paint(why, "bad"), *[NONE] * (len(cells) - at - 1)]
    note = floor_note(row)
    cells[at] += paint(note, "bad") if note else ""
    return cells


def _lines(table: ComparisonTable, layout: Layout, paint: Paint, name_width: int) -> list[list[str]]:
    """The rows of the table; a family is named where it begins."""
    lines, before = [], ""
    for row in table.rows:
        cells, family = _cells(row, table, layout, paint), FAMILY.text(row)
        if layout.grouped:
            cells[0] = broken(cells[0], name_width)
            if family != before:
                lines.append([paint(f"{family}:", "heading"), *[""] * (len(cells) - 1)])
        elif family == before:
            cells[0] = ""
        lines.append(cells)
        before = family
    return lines


def _grid(table: ComparisonTable, layout: Layout, paint: Paint, name_width: int = EVERYTHING) -> str:
    lines = _lines(table, layout, paint, name_width)
    headings, aligned = [column.heading for column in layout.columns], [column.align for column in layout.columns]
    return tabulate(lines, headers=headings, tablefmt="simple", colalign=aligned, disable_numparse=True)


def _width(grid: str) -> int:
    return max(map(len, grid.splitlines()))


def _within(table: ComparisonTable, width: int, paint: Paint) -> str:
    """The table in the first layout that fits, the last one with its names broken."""
    plain = painter(colour=False)
    known = [_of_use(layout, table) for layout in layouts(table)]
    for layout in known:
        grid = _grid(table, layout, plain)
        over = max(_width(grid) - width, 0)
        if not over:
            break
    name_width = max(max((len(row.model) for row in table.rows), default=0) - over, LEAST_NAME)
    if over or paint("x", "best") != "x":  # a large grid takes long: one that is plain and fits is not made again
        grid = _grid(table, layout, paint, name_width if over else EVERYTHING)
    parts = [grid]
    if layout.grouped:
        parts += [_filled(f"{row.model}, {row.method}: {reason_of(row)}", width, "  ")
                  for row in table.rows if row.value is None]  # fmt: skip
    left_out = [column for column in known[0].columns if column not in layout.columns]
    if layout.grouped:
        left_out = [column for column in left_out if column.key not in {"family", "gain", "verdict"}]
    if left_out:
        named = ", ".join(column.heading for column in left_out)
        parts.append(paint(_filled(f"(not at this width: {named})", width), "quiet"))
    return "\n".join(parts)


def _filled(text: str, width: int, indent: str = "") -> str:
    return textwrap.fill(text, width, subsequent_indent=indent) if width < EVERYTHING else text


def _curves(table: ComparisonTable, width: int) -> str:
    return f"\n{render_curves(table.curves, metric_name(table.metric), 'simple', width)}" if table.curves else ""


def render_text(
    tables: Sequence[ComparisonTable],
    sources: Iterable[SourceTable] = (),
    width: int = EVERYTHING,
    paint: Paint | None = None,
) -> str:
    """Tables for a terminal of that width; the best figure of each column carries a star."""
    paint = paint or painter(colour=False)
    parts = [
        f"{_filled(title_of(table), width)}\n\n{_within(table, width, paint)}\n"
        f"{_notes(table, width)}{_curves(table, width)}"
        for table in tables
    ]
    parts += [_source(source, width) for source in sources]
    if tables:
        parts.append("\n".join(_filled(f"  {line}", width, "    ") for line in (*LEGEND, "*: best of its column")))
    return "\n".join(parts)


def _notes(table: ComparisonTable, width: int) -> str:
    return "".join(f"{_filled(f'  {note}', width, '    ')}\n" for note in notes_of(table))


def _source(source: SourceTable, width: int) -> str:
    """The table of sources; without the intervals of the gains where they do not fit."""
    headers = ["task", "method", *(f"{name}: gain [95 %], distance" for name in source.sources)]
    rows = [
        [line.task, line.method]
        + [f"{percent(*cell.gain, cell.gain_kind, '+')}, {cell.distance:.2f}" for cell in line.cells]
        for line in source.lines
    ]
    grid = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    if _width(grid) > width:
        headers = ["task", "method", *(f"{broken(name, LEAST_NAME)}:\ngain, dist." for name in source.sources)]
        rows = [
            [line.task, line.method]
            + [f"{100 * cell.gain[0]:+.1f}{mark_of(cell.gain_kind)}, {cell.distance:.2f}" for cell in line.cells]
            for line in source.lines
        ]
        grid = tabulate(rows, headers=headers, tablefmt="simple", disable_numparse=True)
    if _width(grid) > width:
        grid = _filled(f"({len(source.sources)} sources do not fit into {width} columns: see ptmbench report)", width)
    return f"{_filled(title_of_sources(source), width)}\n\n{grid}\n\n{_filled(conclusion_of(source), width)}\n"
