"""`ptmbench report`: tables, pages, pictures and exports from the records of results folders."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ptmbench.analysis.gain import settled
from ptmbench.errors import RecordError, UsageError
from ptmbench.outlet import for_people, hand_over, say, warn
from ptmbench.records.decision import DECISION, Decision, read_decision
from ptmbench.records.record import Record
from ptmbench.records.sharing import uncollected
from ptmbench.records.store import ResultsFolder, read_folders
from ptmbench.records.writing import write_atomically
from ptmbench.report.decision import render_decision
from ptmbench.report.rendering import Readers, render, usability_card
from ptmbench.terminal import painter, shows_colour, window_width

SITE = "html"
PYTEST_BENCHMARK = "pytest-benchmark"
FORMATS = ("text", "markdown", "csv", "json", "latex", PYTEST_BENCHMARK, SITE)
PLOTS = Path("ptmbench-plots")
PAGE = 120  # letters of a line where no terminal says how many
Folders = Sequence[tuple[ResultsFolder, Sequence[Record]]]


@uncollected()
def report(arguments: argparse.Namespace) -> int:
    """Renders the folders' records, their gains computed anew; 0 also where single records could not be read."""
    _check(arguments)
    decisions = [found for place in arguments.folders if (found := read_decision(place)) is not None]
    read, problems = read_folders(_places(arguments.folders))
    folders = [(folder, settled(found, folder.estimate)) for folder, found in read]
    for problem in (*problems, *_unreadable(folders)):
        warn(f"ptmbench: warning: {problem}")
    if arguments.mlflow:
        return _log(folders, arguments.mlflow)
    if arguments.plot:
        return _draw(folders, arguments.output or PLOTS)
    if arguments.format == SITE and not arguments.card:
        return _write_site(folders, arguments.output, decisions)
    text = _text(folders, arguments)
    if arguments.format in {"text", "markdown"} and not arguments.card:
        text = "\n\n".join([*(_told(decision, arguments) for decision in decisions), text])
    if arguments.output:
        write_atomically(arguments.output, text.encode())
    elif arguments.format == "text" and not arguments.card:
        say(text.rstrip("\n"), styled=True)
    else:
        hand_over(text)
    return 0


def _places(folders: Sequence[Path]) -> list[Path]:
    """The results folders; in place of one that holds a decision, those below it."""
    found = []
    for place in folders:
        below = [path for path in sorted(place.iterdir()) if path.is_dir()] if (place / DECISION).is_file() else []
        found += [path for path in below if ResultsFolder(path).key() is not None] or [place]
    return found


def _told(decision: Decision, arguments: argparse.Namespace) -> str:
    """A decision as text; in Markdown as it stands, its columns kept."""
    if arguments.format == "markdown":
        return f"```text\n{for_people(render_decision(decision))}\n```"
    shown = arguments.output is None and sys.stdout.isatty()
    return for_people(render_decision(decision, window_width() if shown else PAGE))


def _unreadable(folders: Folders) -> Iterator[str]:
    """Why records have no interval, rank or gain of their own: their outcomes are gone or hold nonsense."""
    for folder, records in folders:
        for record in records:
            if record.quality is not None:
                try:
                    folder.estimate(record)
                except RecordError as error:
                    yield str(error)


def _check(arguments: argparse.Namespace) -> None:
    """Raises `UsageError` where options contradict each other."""
    asked = [name for name in ("card", "plot", "mlflow") if getattr(arguments, name)]
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(f'--{name}' for name in asked)} are two reports: ask for one at a time")
    if arguments.format == SITE and not arguments.output and not asked:
        raise UsageError("--format html writes a folder: say which, for example -o site/")
    if arguments.model_index and not arguments.card:
        raise UsageError("--model-index is of one model: say which with --card MODEL")
    if arguments.model_index and arguments.format == SITE:
        raise UsageError("--model-index is YAML, not html: leave --format out")
    if arguments.card and arguments.format not in {"text", "markdown", SITE}:
        raise UsageError(f"a card is Markdown or html, not {arguments.format}: leave --format out, or --format html")
    if (arguments.plot or arguments.mlflow) and arguments.format != "text":
        raise UsageError(f"--{asked[0]} writes no {arguments.format}: leave --format out")
    if arguments.mlflow and arguments.output:
        raise UsageError("--mlflow logs to a tracking server and writes no file: leave -o out")


def _text(folders: Folders, arguments: argparse.Namespace) -> str:
    """The report of all folders together as one text."""
    records: list[Record] = []
    homes: dict[str, ResultsFolder] = {}
    here = arguments.output.parent if arguments.output else Path()
    for folder, found in folders:
        place = os.path.relpath(folder.path, here)
        records += [_seen_from(record, place) for record in found]
        homes |= {record.quality.outcomes.sha256: folder for record in found if record.quality}
    readers = Readers.of(homes)
    if arguments.card:
        return _card(records, readers, arguments)
    if arguments.format == PYTEST_BENCHMARK:
        return _benchmarks(records)
    if arguments.output or not sys.stdout.isatty():
        text = render(records, arguments.format, readers)
        return for_people(text) if arguments.format == "text" else text
    paint = painter(colour=shows_colour(sys.stdout))
    return render(records, arguments.format, readers, width=window_width(), paint=paint)


def _card(records: list[Record], readers: Readers, arguments: argparse.Namespace) -> str:
    """The usability card of a model, or the metadata of a model card."""
    from ptmbench.cli.installed import INSTALLED
    from ptmbench.report.site.pages import Press  # templates take long to import
    from ptmbench.report.usability_pages import model_index, render_card

    card = usability_card(records, readers, arguments.card)
    if arguments.model_index:
        return model_index(card)
    return Press.ready(INSTALLED).card_alone(card) if arguments.format == SITE else render_card(card)


def _benchmarks(records: list[Record]) -> str:
    from ptmbench.report.benchmarks import render_benchmarks, without_latency

    left_out = without_latency(records)
    if left_out:
        warn(
            f"ptmbench: warning: {len(left_out)} cases have no latency, which pytest-benchmark is about, and are left "
            f"out: {', '.join(left_out[:5])}{', ...' if len(left_out) > 5 else ''}"
        )
    return render_benchmarks(records)


def _write_site(folders: Folders, target: Path, decisions: Sequence[Decision]) -> int:
    from ptmbench.cli.installed import INSTALLED
    from ptmbench.report.site.building import build  # templates take a while to import, and no table needs them

    cases = build(folders, target, INSTALLED, decisions)
    say(f"{target / 'index.html'}: {cases} cases")
    return 0


def _draw(folders: Folders, target: Path) -> int:
    from ptmbench.report.plots import draw

    for path in draw([record for _, found in folders for record in found], target):
        say(str(path))
    return 0


def _log(folders: Folders, address: str) -> int:
    from ptmbench.report.mlflow_log import log

    logged, known = log(folders, address)
    say(f"{logged} cases logged to {address}, {known} were there already")
    return 0


def _seen_from(record: Record, place: str) -> Record:
    """The record with its pictures named as they are found from where the report is written."""
    if not record.quality or not record.quality.pictures or place == ".":
        return record
    moved = [sheet.model_copy(update={"file": f"{place}/{sheet.file}"}) for sheet in record.quality.pictures]
    return record.model_copy(update={"quality": record.quality.model_copy(update={"pictures": moved})})
