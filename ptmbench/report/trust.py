"""How sure answers are and what they tell of training, as one table a task each in the style of a format."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.records.figures import Place, by_name, figures_in
from ptmbench.report.figures import metric_name, written


class _Kind(NamedTuple):
    """A kind of table: its figures, the one that orders its rows, what it is called, and what is said below."""

    place: Place
    orders: str
    title: str
    below: str


TRUST: Final = _Kind(
    "trust",
    "nll",  # falls with accuracy and with honest confidence alike
    "Can they be trusted?",
    "NLL and Brier: what probabilities lose against the truth. ECE: points between confidence and accuracy, over 15 "
    "bins of equally many labels, some of which is chance; after T: behind one temperature, fitted to examples that "
    "were not learned from.\n",
)
PRIVACY: Final = _Kind(
    "privacy",
    "membership_auc",
    "What do they tell about training?",
    "Membership inference (LiRA) by somebody who has 63 models of the same kind: AUC 50 is guessing; TPR at 1 % FPR: "
    "members found while one other example in a hundred is taken for a member, 1 where nothing is told. Null: the same "
    "with membership shuffled. Intervals over target models.\n",
)


def render_trust(tables: Sequence[ComparisonTable], style: str, heading: str = "") -> str:
    """A table for each task of which records hold what was believed, the least log-loss first."""
    return _tables(tables, TRUST, style, heading)


def render_privacy(tables: Sequence[ComparisonTable], style: str, heading: str = "") -> str:
    """A table for each task of which records hold a membership attack, what tells least first."""
    return _tables(tables, PRIVACY, style, heading)


def _tables(tables: Sequence[ComparisonTable], kind: _Kind, style: str, heading: str) -> str:
    parts = []
    for table in tables:
        known = (row for row in table.rows if row.figures.get(kind.orders) is not None)
        rows = sorted(known, key=lambda row: row.figures[kind.orders] or 0.0)
        if rows:
            title = f"{kind.title} {table.task}, {table.budget}: {metric_name(table.metric)} in %"
            parts.append(f"{heading}{title}\n\n{_grid(rows, kind.place, style)}\n")
    return "\n".join([*parts, *([kind.below] if parts else [])])


def _grid(rows: Sequence[CaseRow], place: Place, style: str) -> str:
    figures = (by_name("quality"), *figures_in(place))
    cells = [[row.model, row.method, *(written(figure, row) for figure in figures)] for row in rows]
    headers = ["model", "method", "quality [95 %]", *(figure.heading for figure in figures[1:])]
    aligned = ["left", "left", *["right"] * len(figures)]
    return tabulate(cells, headers, style, colalign=aligned, disable_numparse=True)
