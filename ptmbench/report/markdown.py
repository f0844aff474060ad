"""Tables as Markdown: every column; the best figure of each is bold."""

import textwrap
from collections.abc import Iterable, Sequence

from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.sources import SourceTable
from ptmbench.report.captions import LEGEND, conclusion_of, notes_of, sentence, title_of, title_of_sources
from ptmbench.report.columns import FAMILY, METHOD, MODEL, TableColumn, columns_of, floor_note
from ptmbench.report.curves import render_curves
from ptmbench.report.figures import NONE, metric_name, percent

REASON_WIDTH = 100  # letters of why a case did not finish: the record has all of it
NAMES = (MODEL, METHOD)


def reason_of(row: CaseRow) -> str:
    """Why a row has no figures, on one line."""
    return f"{row.status}: {textwrap.shorten(row.reason or '', REASON_WIDTH)}"


def cells_of(row: CaseRow, table: ComparisonTable, shown_family: str, columns: Sequence[TableColumn]) -> list[str]:
    """A row of the table in all columns; the family only where it changes."""
    names, figures = [shown_family, row.model, row.method], columns[len(NAMES) :]
    if row.value is None:
        return [*names, reason_of(row), *[NONE] * (len(figures) - 1)]
    cells = []
    for column in figures:
        text = column.text(row)
        marked = f"**{text}**" if column.is_best(row, table) else text
        cells.append(marked + floor_note(row) if column.key == "quality" else marked)
    return [*names, *cells]


def _grid(table: ComparisonTable) -> str:
    families = [FAMILY.text(row) for row in table.rows]
    shown = [now if now != before else "" for before, now in zip(["", *families], families, strict=False)]
    columns = columns_of(table)
    rows = [cells_of(row, table, family, columns) for row, family in zip(table.rows, shown, strict=True)]
    headings = [column.heading for column in (FAMILY, *columns)]
    aligned = [column.align for column in (FAMILY, *columns)]
    return tabulate(rows, headers=headings, tablefmt="github", colalign=aligned, disable_numparse=True)


def _curves(table: ComparisonTable) -> str:
    return f"\n{render_curves(table.curves, metric_name(table.metric), 'github')}" if table.curves else ""


def _pictures(table: ComparisonTable) -> str:
    """The pictures of the table's cases, folded away; nothing where there are none."""
    if not table.sheets:
        return ""
    shown = "\n".join(f"\n`{case_id}`\n\n![{case_id}]({file})" for case_id, file in table.sheets)
    summary = "<summary>Test pictures: the truth, and what each case made of them</summary>"
    return f"\n<details>{summary}\n{shown}\n</details>\n"


def _notes(table: ComparisonTable) -> str:
    return "".join(f"\n{sentence(note)}.\n" for note in notes_of(table))


def render_markdown(tables: Sequence[ComparisonTable], sources: Iterable[SourceTable] = ()) -> str:
    """Tables as Markdown; the best figure of each column is bold."""
    parts = [
        f"## {title_of(table)}\n\n{_grid(table)}\n{_notes(table)}{_curves(table)}{_pictures(table)}" for table in tables
    ]
    parts += [_source(source) for source in sources]
    if tables:
        parts.append("\n".join(f"- {line}" for line in (*LEGEND, "bold: best of its column")) + "\n")
    return "\n".join(parts)


def _source(source: SourceTable) -> str:
    """The table of source against task, with what the rank correlation says."""
    headers = ["task", "method", *(f"{name}: gain [95 %], distance" for name in source.sources)]
    rows = [
        [line.task, line.method]
        + [f"{percent(*cell.gain, cell.gain_kind, '+')}, {cell.distance:.2f}" for cell in line.cells]
        for line in source.lines
    ]
    grid = tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)
    return f"## {title_of_sources(source)}\n\n{grid}\n\n{conclusion_of(source)}\n"
