"""`ptmbench report`: tables, or a site, from the records of results folders."""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ptmbench.errors import UsageError
from ptmbench.gain import SampleOf, settled
from ptmbench.generalisation import generalisation
from ptmbench.record import Record, quality_of
from ptmbench.report.economy import bargains, render_economy
from ptmbench.report.exports import render_csv, render_json
from ptmbench.report.generality import render_generality
from ptmbench.report.robustness import CorruptedOf, render_robustness, robust_tables
from ptmbench.report.sources import source_tables
from ptmbench.report.tables import comparison_tables
from ptmbench.report.text import render_markdown, render_text
from ptmbench.report.usability import card_of
from ptmbench.store import ResultsFolder, read_folders, write_atomically

SITE = "html"


def report(arguments: argparse.Namespace) -> int:
    """Renders the folders' records, their gains computed anew; 0 also where single records could not be read."""
    if arguments.format == SITE and not arguments.output:
        raise UsageError("--format html writes a folder: say which, for example -o site/")
    if arguments.model_index and not arguments.card:
        raise UsageError("--model-index is of one model: say which with --card MODEL")
    if arguments.card and arguments.format not in {"text", "markdown"}:
        raise UsageError(f"a card is Markdown, not {arguments.format}: leave --format out")
    read, problems = read_folders(arguments.folders)
    for problem in problems:
        print(f"ptmbench: warning: {problem}", file=sys.stderr)
    folders = [(folder, settled(found, folder.sample)) for folder, found in read]
    if arguments.format == SITE:
        return _write_site(folders, arguments.output)
    records: list[Record] = []
    homes: dict[str, ResultsFolder] = {}
    here = arguments.output.parent if arguments.output else Path()
    for folder, found in folders:
        place = os.path.relpath(folder.path, here)
        records += [_seen_from(record, place) for record in found]
        homes |= {record.quality.outcomes.sha256: folder for record in found if record.quality}
    readers = Readers.of(homes)
    if arguments.card:
        text = card_text(records, readers, arguments.card, metadata=arguments.model_index)
    else:
        text = render(records, arguments.format, readers)
    if arguments.output:
        write_atomically(arguments.output, text.encode())
    else:
        print(text.rstrip("\n"))
    return 0


def _write_site(folders: Sequence[tuple[ResultsFolder, Sequence[Record]]], target: Path) -> int:
    from ptmbench.report.site.building import build  # templates take a while to import, and no table needs them

    cases = build(folders, target)
    print(f"{target / 'index.html'}: {cases} cases")
    return 0


def _seen_from(record: Record, place: str) -> Record:
    """The record with its pictures named as they are found from where the report is written."""
    if not record.quality or not record.quality.pictures or place == ".":
        return record
    moved = [sheet.model_copy(update={"file": f"{place}/{sheet.file}"}) for sheet in record.quality.pictures]
    return record.model_copy(update={"quality": record.quality.model_copy(update={"pictures": moved})})


@dataclass(frozen=True, slots=True)
class Readers:
    """What reads the outcomes of a record: its metric on the test examples, and over all corruptions of them."""

    sample: SampleOf
    corrupted: CorruptedOf

    @classmethod
    def of(cls, homes: Mapping[str, ResultsFolder]) -> "Readers":
        """Readers of records whose outcomes lie in these folders, by their sha256: folders may share a case."""

        def home(record: Record) -> ResultsFolder:
            return homes[quality_of(record).outcomes.sha256]

        return cls(lambda record: home(record).sample(record), lambda record: home(record).corrupted_sample(record))

    @classmethod
    def of_folder(cls, folder: ResultsFolder) -> "Readers":
        """Readers of records that lie in one folder."""
        return cls(folder.sample, folder.corrupted_sample)


def render(records: list[Record], style: str, read: Readers | None = None) -> str:
    """The tables of the records in one of the formats; ends with a line break."""
    tables, sources = comparison_tables(records, read.sample if read else None), source_tables(records)
    if style == "csv":
        return render_csv(tables)
    comparisons = [found for members in by_key(records) for found in generalisation(members)]
    prices = [price for members in by_key(records) for price in bargains(members)]
    robust = [
        table
        for members in by_key(records)
        for table in (robust_tables(members, read.sample, read.corrupted) if read else ())
    ]
    if style == "json":
        return render_json(tables, sources, comparisons, prices, robust)
    grid, heading = ("github", "## ") if style == "markdown" else ("simple", "")
    across = [
        render_generality(comparisons, grid, heading),
        render_economy(prices, grid, heading),
        render_robustness(robust, grid, heading),
    ]
    text = render_markdown(tables, sources) if style == "markdown" else render_text(tables, sources)
    return "\n".join([text.rstrip("\n") + "\n", *(part for part in across if part)])


def card_text(records: list[Record], read: Readers, model: str, *, metadata: bool) -> str:
    """The usability card of a model, or the metadata of a model card."""
    from ptmbench.report.usability_pages import model_index, render_card

    tables = comparison_tables(records, read.sample)
    across = [found for members in by_key(records) for found in generalisation(members)]
    robust = [table for members in by_key(records) for table in robust_tables(members, read.sample, read.corrupted)]
    card = card_of(model, records, tables, across, robust)
    return model_index(card) if metadata else render_card(card)


def by_key(records: list[Record]) -> list[list[Record]]:
    """The records by budget, device and precision: means are taken over one of each."""
    groups: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        groups[record.budget, record.provenance.device, record.case.precision].append(record)
    return [groups[key] for key in sorted(groups)]
