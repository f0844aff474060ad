"""Writes the site: the only part that touches files.

DIR/index.html        the leaderboard
DIR/charts.html       charts by task
DIR/tables.html       tables across tasks
DIR/models.html       the models, each with its card
DIR/models/MODEL.html a usability card a model
DIR/history.html      figures over the runs of several folders
DIR/cases/CASE.html   a page a case; where several folders hold the case, DIR/cases/FOLDER/CASE.html
DIR/pictures/         pictures of cases, named by their sha256
DIR/assets/           scripts, style, Plotly, and the data of leaderboard and charts
"""

import contextlib
import importlib.util
import shutil
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from ptmbench.analysis.confusion import Confusion, confusion_of
from ptmbench.errors import RecordError, StoreError, UsageError
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.cards import cards_of
from ptmbench.report.site.comparisons import across
from ptmbench.report.site.holdings import Entry, entries_of, holdings
from ptmbench.report.site.installed import Installed
from ptmbench.report.site.leaderboard import leaderboard
from ptmbench.report.site.pages import CaseContext, Press, data_file
from ptmbench.report.site.pictures import FOLDER, Picture, picture_of
from ptmbench.report.site.series import runs_of, series_of
from ptmbench.report.site.timeline import Timelines, timeline_data

MARK = ".ptmbench-site"  # tells a folder that this program filled from one that holds something else
OWN = ("assets", "cases", "models", FOLDER)  # what an earlier build left in them is not part of this one
PLOTLY = "plotly.min.js"


def build(folders: Iterable[tuple[ResultsFolder, Sequence[Record]]], target: Path, installed: Installed) -> int:
    """Writes the site of these folders and their settled records; returns the number of case pages."""
    plotly = _plotly()
    held = holdings(folders)
    entries = entries_of(held)
    if not entries:
        raise UsageError("the folders hold no record that can be read: there is nothing to make a site of")
    press, runs, found = Press.ready(installed), runs_of(entries), across(entries)
    cards, timelines = cards_of(entries, found, installed), Timelines.of(entries)
    try:
        _clear(target)
        _write_assets(target / "assets", plotly, entries)
        for entry in entries:
            steps = timelines.marks(entry.record) if len(runs[entry.record.case.id, entry.setting]) > 1 else {}
            _write_case(
                target,
                press,
                entry,
                CaseContext(runs, steps, cards[entry.record.case.model.name].page, _confusion(entry)),
            )
        for card in cards.values():
            _write(target / card.page, press.card(card))
            if card.drawn:
                _write_picture(target, card.drawn.picture)
        _write(target / "models.html", press.models(list(cards.values())))
        _write(target / "charts.html", press.charts())
        _write(target / "tables.html", press.tables(found))
        _write(target / "assets" / "timeline.js", data_file("timeline", timeline_data(timelines)))
        _write(target / "history.html", press.history(timelines))
        _write(target / "index.html", press.index(held, entries))
    except OSError as error:
        raise StoreError(
            f"{error.filename or target} cannot be written ({error.strerror}): give a folder that you may write to "
            "with -o"
        ) from None
    return len(entries)


def _plotly() -> Path:
    """Plotly's script, as its Python package ships it; that package itself is not imported, which would take long."""
    found = importlib.util.find_spec("plotly")
    places = (found.submodule_search_locations or []) if found else []
    for place in places:
        script = Path(place) / "package_data" / PLOTLY
        if script.is_file():
            return script
    raise UsageError("--format html needs plotly: pip install 'ptmbench[site]'")


def _clear(target: Path) -> None:
    """Makes the folder ready; one that holds anything else than an earlier site is refused."""
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file: --format html writes a folder, for example -o site/")
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).exists():
        raise UsageError(f"{target} holds something else than a site: give an empty or a new folder with -o")
    target.mkdir(parents=True, exist_ok=True)
    _write(target / MARK, "Written by ptmbench report --format html, which replaces all of it.\n")
    for name in OWN:
        shutil.rmtree(target / name, ignore_errors=True)


def _write_assets(folder: Path, plotly: Path, entries: Sequence[Entry]) -> None:
    folder.mkdir()
    for source in resources.files("ptmbench.report.site").joinpath("static").iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    shutil.copyfile(plotly, folder / PLOTLY)
    _write(folder / "data.js", data_file("data", leaderboard(entries)))
    _write(folder / "series.js", data_file("series", series_of(entries)))


def _confusion(entry: Entry) -> Confusion | None:
    """Which classes the case takes for which; None where it finds none, or its outcomes cannot be read."""
    if entry.record.quality is None:
        return None
    with contextlib.suppress(RecordError), entry.holding.folder.outcomes(entry.record) as outcomes:
        return confusion_of(outcomes)
    return None


def _write_case(target: Path, press: Press, entry: Entry, context: CaseContext) -> None:
    quality = entry.record.quality
    pictures = [picture_of(entry.holding.folder, sheet) for sheet in (quality.pictures if quality else [])]
    for picture in pictures:
        _write_picture(target, picture)
    _write(target / entry.page, press.case(entry, pictures, context))


def _write_picture(target: Path, picture: Picture) -> None:
    if picture.content is not None:
        path = target / picture.page
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture.content)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
