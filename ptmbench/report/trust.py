"""How sure answers are, as one table a task in the style of a format."""

from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.records.figures import by_name, figures_in
from ptmbench.report.figures import metric_name, written

ORDERS = "nll"  # the one that falls with accuracy and with honest confidence alike


def render_trust(tables: Sequence[ComparisonTable], style: str, heading: str = "") -> str:
    """A table for each task of which records hold what was believed, the least log-loss first."""
    parts = []
    for table in tables:
        rows = sorted((row for row in table.rows if _loss(row) is not None), key=lambda row: _loss(row) or 0.0)
        if rows:
            title = f"{table.task}, {table.budget}: {metric_name(table.metric)} in %"
            parts.append(f"{heading}Can they be trusted? {title}\n\n{_grid(rows, style)}\n")
    if parts:
        parts.append(
            "NLL and Brier: what probabilities lose against the truth. ECE: points between confidence and accuracy, "
            "over 15 bins of equally many labels, some of which is chance; after T: behind one temperature, fitted to "
            "examples that were not learned from.\n"
        )
    return "\n".join(parts)


def _loss(row: CaseRow) -> float | None:
    return row.figures.get(ORDERS)


def _grid(rows: Sequence[CaseRow], style: str) -> str:
    figures = (by_name("quality"), *figures_in("trust"))
    cells = [[row.model, row.method, *(written(figure, row) for figure in figures)] for row in rows]
    headers = ["model", "method", "quality [95 %]", *(figure.heading for figure in figures[1:])]
    aligned = ["left", "left", *["right"] * len(figures)]
    return tabulate(cells, headers, style, colalign=aligned, disable_numparse=True)
