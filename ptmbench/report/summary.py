"""What a run says at its end, under pytest and on the command line alike."""

from collections.abc import Sequence

from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.gain import EstimateOf
from ptmbench.analysis.sources import source_tables
from ptmbench.records.record import Record
from ptmbench.report.escaping import mapped
from ptmbench.report.text import render_text
from ptmbench.terminal import painter, printable, window_width


def end_of_run(records: Sequence[Record], estimate_of: EstimateOf, *, colour: bool) -> str:
    """The tables of what ran, as wide as the window: of 80 columns where there is none."""
    tables, sources = comparison_tables(records, estimate_of), source_tables(records)
    return render_text(mapped(tables, printable), mapped(sources, printable), window_width(), painter(colour=colour))
