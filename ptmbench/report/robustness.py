"""The robustness tables as text, in the style of a format."""

from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.analysis.robustness import RobustRow, RobustTable
from ptmbench.report.figures import NONE, metric_name, percent, place_range


def render_robustness(tables: Sequence[RobustTable], style: str, heading: str = "") -> str:
    """A table for each task."""
    parts = []
    for table in tables:
        headers = ["model", "method", "clean", "corrupted [95 %]", "lost", "rank, clean", "rank, corrupted"]
        headers += [name.replace("_", " ") for name in table.corruptions]
        grid = tabulate(
            [_cells(row, table.corruptions) for row in table.rows],
            headers,
            style,
            colalign=["left"] * 2 + ["right"] * (len(headers) - 2),
            disable_numparse=True,
        )
        title = f"{table.task}, {table.budget}: {metric_name(table.metric)} in %"
        parts.append(f"{heading}How robust are they? {title}\n\n{grid}\n")
    if parts:
        parts.append(
            "Corrupted: over all corruptions of the test examples and their five severities, after the transfer on "
            "clean ones. Columns of corruptions: mean over severities.\n"
        )
    return "\n".join(parts)


def _cells(row: RobustRow, corruptions: Sequence[str]) -> list[str]:
    known = dict(row.by_corruption)
    return [
        row.model,
        row.method,
        f"{100 * row.clean:.1f}",
        percent(row.value, *row.interval, row.interval_kind),
        f"{100 * (row.clean - row.value):.1f}",
        place_range(*row.place_clean, row.interval_kind),
        place_range(*row.place, row.interval_kind),
        *(f"{100 * known[name]:.1f}" if name in known else NONE for name in corruptions),
    ]
