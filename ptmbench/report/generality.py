"""Generalisation as tables: which way of transferring a model does well across tasks."""

from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.analysis.generalisation import Generalisation, Mean, Overall
from ptmbench.report.figures import NONE

HEADERS = (
    "family", "model", "method", "mean rank [95 %]", "mean gain over scratch [95 %]", "train - test",
    "twice the labels",
)  # fmt: skip


def shown_mean(mean: Mean | None, scale: float, sign: str = "") -> str:
    """A mean with its interval, where there is one."""
    if mean is None:
        return NONE
    text = f"{scale * mean.value:{sign}.1f}"
    if mean.interval is None:
        return text
    low, high = mean.interval
    return f"{text} [{scale * low:{sign}.1f}, {scale * high:{sign}.1f}]"


def _cells(row: Overall) -> list[str]:
    return [
        row.family.replace("_", "-"),
        row.model,
        row.method,
        shown_mean(row.rank, 1),
        shown_mean(row.gain, 100, "+"),
        f"{100 * row.gap.value:+.1f}",
        NONE if row.slope is None else f"{100 * row.slope.value:+.1f}",
    ]


def render_generality(comparisons: Sequence[Generalisation], style: str, heading: str = "") -> str:
    """A table for each kind of task."""
    parts = []
    for found in comparisons:
        title = (
            f"{heading}How do they generalise? {found.kind.replace('_', ' ')}, {found.budget}: {len(found.tasks)} of "
            f"{found.all_tasks} tasks of {found.data_sets} data sets, {len(found.rows)} of {found.all_rows} rows "
            f"(coverage {found.coverage:.0%})"
        )
        aligned = ["left"] * 3 + ["right"] * 4
        grid = tabulate([_cells(row) for row in found.rows], HEADERS, style, colalign=aligned, disable_numparse=True)
        parts.append(f"{title}\n\n{grid}\n")
    if parts:
        parts.append(
            "Ranks are among the rows of a table, 1 the best; means are over data sets, with Student's interval over "
            "them. train - test: points by which training examples are better known than test examples. twice the "
            "labels: points gained when the examples a class double.\n"
        )
    return "\n".join(parts)
