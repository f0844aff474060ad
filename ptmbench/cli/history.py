"""`ptmbench history`: a figure over the runs of several results folders, and where it stepped."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ptmbench.analysis.gain import settled
from ptmbench.analysis.history import Dated, histories, in_order
from ptmbench.catalog.selection import KIND_MARKER, matcher
from ptmbench.errors import StoreError
from ptmbench.outlet import for_people, hand_over, warn
from ptmbench.records.figures import Figure, by_name
from ptmbench.records.record import Record
from ptmbench.records.sharing import uncollected, with_least_latency
from ptmbench.records.store import ResultsFolder, launches_of, read_folders
from ptmbench.records.writing import write_atomically
from ptmbench.report.history import BLOCKS, PLAIN, render_json, render_text
from ptmbench.report.site.holdings import holdings
from ptmbench.terminal import USUAL_WIDTH, printable, window_width


@uncollected()
def history(arguments: argparse.Namespace) -> int:
    """Renders the history of one metric; 0 also where it stepped, and where single records could not be read."""
    metric = by_name(arguments.metric, "history")
    dated, problems = _read(arguments.folders, metric, arguments.expression)
    for problem in problems:
        warn(f"ptmbench: warning: {printable(problem)}")
    found = histories(dated, metric)
    if arguments.format == "json":
        text = render_json(found, problems, metric)
    else:
        text = for_people(render_text(found, _width(arguments.output), everything=arguments.all))
    if arguments.output:
        write_atomically(arguments.output, text.encode(errors="replace"))
    else:
        hand_over(_fitted(text, sys.stdout.encoding))
    return 0


def _read(paths: Iterable[Path], metric: Figure, expression: str) -> tuple[list[Dated], list[str]]:
    """The chosen records with the names of their folders, in the order in which they ran, and what was left out."""
    folders, twice = _folders(paths)
    read, problems = read_folders((folder.path for folder in folders), with_least_latency)
    chosen = matcher(expression) if expression.strip() else None
    dated: list[Dated] = []
    for holding in holdings(read):
        records: Sequence[Record] = holding.records
        if metric.name == "gain":
            records = settled(records, holding.folder.estimate)
        dated += [(holding.label, record) for record in records if chosen is None or chosen(*_names(record))]
    ordered, left_out = in_order(dated)
    return ordered, [*twice, *problems, *left_out]


def _folders(paths: Iterable[Path]) -> tuple[list[ResultsFolder], list[str]]:
    """The results folders, each once, and a line for those that were given again."""
    found: dict[Path, ResultsFolder] = {}
    again = []
    for path in paths:
        launches = launches_of(path)
        if len(launches) == 1 and launches[0].key() is None and not any(path.glob("*.json")):
            raise StoreError(
                f"{path} holds no records: expected a folder that ptmbench run --results DIR has written, or one that "
                "holds such folders"
            )
        for folder in launches:
            place = folder.path.resolve()
            if place in found:
                again.append(f"{folder.path} was given before: it counts once")
            found.setdefault(place, folder)
    return list(found.values()), again


def _names(record: Record) -> tuple[str, ...]:
    """What -k is matched against: as pytest names a case; the catalog, which may not know it any more, is not asked."""
    function = f"test_{record.case.task.kind}"
    return f"{function}.py", f"{function}[{record.case.id}]".lower(), KIND_MARKER


def _width(output: Path | None) -> int:
    """The width of the terminal, where the text goes to one."""
    return USUAL_WIDTH if output or not sys.stdout.isatty() else window_width()


def _fitted(text: str, encoding: str) -> str:
    """The text in what the terminal can show: digits instead of bars, and ? for letters that it has not."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        replaced = text.translate(str.maketrans(BLOCKS + "…", PLAIN + "~"))
        return replaced.encode(encoding, "replace").decode(encoding)
    return text
