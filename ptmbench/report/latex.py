"""Tables for a paper: LaTeX with booktabs, one `table` for each task."""

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.report.captions import marks_of, sentence, title_of
from ptmbench.report.columns import FAMILY, PLACE, TableColumn, columns_of, floor_note
from ptmbench.report.escaping import latex

TEXTS = {"model", "method", "verdict"}  # columns that are no figures


def _cell(column: TableColumn, row: CaseRow, table: ComparisonTable) -> str:
    text = latex(column.text(row)) + (latex(floor_note(row)) if column.key == "quality" else "")
    number = text.replace("-", "--") if column == PLACE else _minus(text) if column.figure else text
    return rf"\textbf{{{number}}}" if column.is_best(row, table) else number


def _minus(text: str) -> str:
    """A hyphen before a digit is a minus; a lone one says that there is no figure."""
    return text if text == "-" else text.replace("-", "$-$").replace("+", "$+$")


def _line(row: CaseRow, table: ComparisonTable, columns: Sequence[TableColumn]) -> list[str]:
    if row.value is not None:
        return [_cell(column, row, table) for column in columns]
    names = [latex(row.model), latex(row.method)]
    why = latex(f"{row.status.replace('_', ' ')}: {row.reason or ''}")
    return [*names, rf"\multicolumn{{{len(columns) - len(names)}}}{{l}}{{{why}}}"]


def render_latex(tables: Sequence[ComparisonTable]) -> str:
    """A `table` for each comparison table; the best figure of each column is bold."""
    made = Environment(  # noqa: S701  LaTeX has escapes of its own: `latex`
        loader=PackageLoader("ptmbench.report"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    text = made.get_template("tables.tex").render(tables=[_shown(table) for table in tables])
    return text.rstrip() + "\n"


def _shown(table: ComparisonTable) -> dict[str, Any]:
    """What the template puts into a table."""
    columns, name = columns_of(table, "latex"), f"{table.task}-{table.budget}-{table.device}"
    return {
        "title": latex(". ".join([title_of(table), *map(sentence, marks_of(table))])),
        "label": "".join(letter if letter.isalnum() else "-" for letter in name),
        "families": _families(table, columns),
        "headings": [latex(column.heading) for column in columns],
        "specification": "".join("l" if column.key in TEXTS else "r" for column in columns),
    }


def _families(table: ComparisonTable, columns: Sequence[TableColumn]) -> list[tuple[str, list[list[str]]]]:
    """The lines of each family, as they stand in the table."""
    found: list[tuple[str, list[list[str]]]] = []
    for row in table.rows:
        name = latex(FAMILY.text(row))
        if not found or found[-1][0] != name:
            found.append((name, []))
        found[-1][1].append(_line(row, table, columns))
    return found
