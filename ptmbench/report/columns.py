"""The columns of a comparison table: heading, how a row's figure is written, and which figure is the best one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.records.figures import OTHERS, Figure, Place, by_name, figures_in
from ptmbench.report.figures import NONE, place_range, written

VERDICTS = {"helps": "helps", "no_clear_difference": "no clear difference", "hurts": "hurts", "one_seed": "one seed"}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column. `figure` names the figure whose best value a table marks; None where nothing is best."""

    heading: str
    text: Callable[[CaseRow], str] = field(compare=False)
    figure: str | None = None
    align: Literal["left", "right"] = "left"

    @property
    def key(self) -> str:
        """What names the column whatever its heading."""
        return self.figure or self.heading

    def is_best(self, row: CaseRow, table: ComparisonTable) -> bool:
        """Whether the row holds the best figure of this column."""
        value = row.figures.get(self.figure) if self.figure else None
        if value is None or (row.busy and by_name(str(self.figure)).timed):
            return False
        return value == table.best(str(self.figure))


def figure_column(name: str) -> TableColumn:
    """The column of a figure; those with intervals are texts, and stand to the left."""
    figure = by_name(name)
    if figure.interval_path:
        return TableColumn(f"{figure.heading} [95 %]", lambda row: written(figure, row), name)
    return TableColumn(figure.heading, lambda row: written(figure, row) + busy_note(figure, row), name, "right")


def busy_note(figure: Figure, row: CaseRow) -> str:
    """Said behind a time that was measured while other work had the cores."""
    return " busy" if row.busy and figure.timed and row.figures.get(figure.name) is not None else ""


def verdict_of(row: CaseRow) -> str:
    """What pre-training did, in words."""
    return VERDICTS[row.verdict] if row.verdict else NONE


def floor_note(row: CaseRow) -> str:
    """Said behind a quality that lies below its floor."""
    return " below floor" if row.floor_met is False else ""


FAMILY = TableColumn("family", lambda row: row.family.replace("_", "-"))
MODEL = TableColumn("model", lambda row: row.model)
METHOD = TableColumn("method", lambda row: row.method)
PLACE = TableColumn("rank", lambda row: place_range(row.place_low, row.place_high, row.interval_kind))
VERDICT = TableColumn("verdict", verdict_of)
LEADING = ("quality", "gain")  # the figures with columns of their own beside them
BY_CLASS = "macro_f1"


def costs(table: ComparisonTable, place: Place = "table") -> tuple[TableColumn, ...]:
    """The columns of all figures behind those of quality and gain; secondary metrics only where a row has them."""
    return tuple(
        figure_column(figure.name)
        for figure in figures_in(place)
        if figure.name not in LEADING and (not figure.path.startswith(OTHERS) or _known(figure.name, table))
    )


def by_class(table: ComparisonTable) -> tuple[TableColumn, ...]:
    """Macro-F1, which stands beside accuracy where classes are unequal: there accuracy hides the small ones."""
    return (figure_column(BY_CLASS),) if table.unequal and _known(BY_CLASS, table) else ()


def _known(name: str, table: ComparisonTable) -> bool:
    return any(row.figures.get(name) is not None for row in table.rows)


def columns_of(table: ComparisonTable, place: Place = "table") -> tuple[TableColumn, ...]:
    """All columns of a table, the family's left out."""
    quality, gain = map(figure_column, LEADING)
    return (MODEL, METHOD, quality, *by_class(table), PLACE, gain, VERDICT, *costs(table, place))
