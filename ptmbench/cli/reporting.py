"""`ptmbench report`: tables from the records of results folders."""

import argparse
import os
import sys
from pathlib import Path

from ptmbench.gain import settled
from ptmbench.record import Record
from ptmbench.report.exports import render_csv, render_json
from ptmbench.report.sources import source_tables
from ptmbench.report.tables import comparison_tables
from ptmbench.report.text import render_markdown, render_text
from ptmbench.store import read_folders, write_atomically


def report(arguments: argparse.Namespace) -> int:
    """Renders the folders' records, their gains computed anew; 0 also where single records could not be read."""
    folders, problems = read_folders(arguments.folders)
    records: list[Record] = []
    here = arguments.output.parent if arguments.output else Path()
    for folder, found in folders:
        place = os.path.relpath(folder.path, here)
        records += [_seen_from(record, place) for record in settled(found, folder.tally)]
    for problem in problems:
        print(f"ptmbench: warning: {problem}", file=sys.stderr)
    text = render(records, arguments.format)
    if arguments.output:
        write_atomically(arguments.output, text.encode())
    else:
        print(text.rstrip("\n"))
    return 0


def _seen_from(record: Record, place: str) -> Record:
    """The record with its pictures named as they are found from where the report is written."""
    if not record.quality or not record.quality.pictures or place == ".":
        return record
    moved = [sheet.model_copy(update={"file": f"{place}/{sheet.file}"}) for sheet in record.quality.pictures]
    return record.model_copy(update={"quality": record.quality.model_copy(update={"pictures": moved})})


def render(records: list[Record], style: str) -> str:
    """The tables of the records in one of the formats; ends with a line break."""
    tables, sources = comparison_tables(records), source_tables(records)
    if style == "csv":
        return render_csv(tables)
    if style == "json":
        return render_json(tables, sources)
    text = render_markdown(tables, sources) if style == "markdown" else render_text(tables, sources)
    return text.rstrip("\n") + "\n"
