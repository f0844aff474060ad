"""From records to a text in one of the formats."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.economy import cheapest_cases
from ptmbench.analysis.gain import EstimateOf
from ptmbench.analysis.generalisation import generalisation
from ptmbench.analysis.robustness import CorruptedOf, robust_tables
from ptmbench.analysis.sources import source_tables
from ptmbench.analysis.usability import UsabilityCard, card_of
from ptmbench.records.record import Record, quality_of
from ptmbench.records.store import ResultsFolder
from ptmbench.report import escaping
from ptmbench.report.economy import render_economy
from ptmbench.report.exports import render_csv, render_json
from ptmbench.report.generality import render_generality
from ptmbench.report.latex import render_latex
from ptmbench.report.markdown import render_markdown
from ptmbench.report.robustness import render_robustness
from ptmbench.report.text import EVERYTHING, render_text
from ptmbench.report.trust import render_trust
from ptmbench.terminal import Paint, printable

ESCAPES: dict[str, Callable[[str], str]] = {
    "text": printable,
    "markdown": escaping.markdown,
    "csv": escaping.spreadsheet,
}


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads the outcomes of a record: its metric on the test examples, and over all corruptions of them."""

    estimate: EstimateOf
    corrupted: CorruptedOf

    @classmethod
    def of(cls, homes: Mapping[str, ResultsFolder]) -> "Readers":
        """Readers of records whose outcomes lie in these folders, by their sha256: folders may share a case."""

        def home(record: Record) -> ResultsFolder:
            return homes[quality_of(record).outcomes.sha256]

        return cls(lambda record: home(record).estimate(record), lambda record: home(record).corrupted_estimate(record))

    @classmethod
    def of_folder(cls, folder: ResultsFolder) -> "Readers":
        """Readers of records that lie in one folder."""
        return cls(folder.estimate, folder.corrupted_estimate)


def render(
    records: list[Record],
    style: str,
    read: Readers | None = None,
    *,
    width: int = EVERYTHING,
    paint: Paint | None = None,
) -> str:
    """The tables of the records in one of the formats; ends with a line break.

    Whatever a record says in words is written so that the format does not take it as its own. `width` and `paint` are
    of the comparison tables as text; the tables across tasks keep all their columns.
    """
    safe = ESCAPES.get(style)

    def shown(found: Any) -> Any:
        return escaping.mapped(found, safe) if safe else found

    tables = shown(comparison_tables(records, read.estimate if read else None))
    if style == "csv":
        return render_csv(tables)
    if style == "latex":
        return render_latex(tables)
    sources = shown(source_tables(records))
    comparisons = shown([found for members in by_key(records) for found in generalisation(members)])
    costs = shown([price for members in by_key(records) for price in cheapest_cases(members)])
    robust = shown(_robust(records, read) if read else [])
    if style == "json":
        return render_json(tables, sources, comparisons, costs, robust)
    grid, heading = ("github", "## ") if style == "markdown" else ("simple", "")
    across = [
        render_generality(comparisons, grid, heading),
        render_economy(costs, grid, heading),
        render_robustness(robust, grid, heading),
        render_trust(tables, grid, heading),
    ]
    text = render_markdown(tables, sources) if style == "markdown" else render_text(tables, sources, width, paint)
    return "\n".join([text.rstrip("\n") + "\n", *(part for part in across if part)])


def _robust(records: list[Record], read: Readers) -> list[Any]:
    return [table for members in by_key(records) for table in robust_tables(members, read.estimate, read.corrupted)]


def usability_card(records: list[Record], read: Readers, model: str) -> UsabilityCard:
    """The card of a model from all records; raises `UnknownName` with near names where it has none."""
    tables = comparison_tables(records, read.estimate)
    across = [found for members in by_key(records) for found in generalisation(members)]
    return card_of(model, records, tables, across, _robust(records, read))


def by_key(records: list[Record]) -> list[list[Record]]:
    """The records by budget, device and precision: means are taken over one of each."""
    groups: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.budget, record.provenance.device, record.case.precision].append(record)
    return [groups[key] for key in sorted(groups)]
