"""Tables for other programs: CSV and JSON, in SI units, with nulls where there is no figure."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ptmbench.analysis.case_rows import flat, names_of
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.economy import CheapestCase
from ptmbench.analysis.generalisation import Generalisation
from ptmbench.analysis.robustness import RobustTable
from ptmbench.analysis.sources import SourceTable

TABLE_COLUMNS = ("task", "budget", "device", "precision", "metric")


def render_csv(tables: Sequence[ComparisonTable]) -> str:
    """One line a case, all tables below one header."""
    stream = io.StringIO()
    writer = csv.writer(stream)  # lines end with CR LF as RFC 4180 has it; otherwise a CR in a cell is not quoted
    columns = names_of("csv")
    writer.writerow([*TABLE_COLUMNS, *columns])
    for table in tables:
        head = [getattr(table, name) for name in TABLE_COLUMNS]
        writer.writerows([*head, *flat(row, "csv").values()] for row in table.rows)
    return stream.getvalue()


def render_json(
    tables: Sequence[ComparisonTable],
    sources: Sequence[SourceTable],
    comparisons: Sequence[Generalisation] = (),
    costs: Sequence[CheapestCase] = (),
    robust: Sequence[RobustTable] = (),
) -> str:
    """All tables with their rows, sources, generalisation over tasks, the cost to come near the best, robustness."""
    parts: dict[str, Sequence[Any]] = {
        "sources": sources,
        "generalisation": comparisons,
        "economy": costs,
        "robustness": robust,
    }
    told = [asdict(table) | {"rows": [flat(row, "json") for row in table.rows]} for table in tables]
    content = {"tables": told} | {name: [asdict(entry) for entry in entries] for name, entries in parts.items()}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
