"""Writes the site: the only part that touches files.

DIR/index.html        the leaderboard
DIR/charts.html       charts by task
DIR/tables.html       tables across tasks
DIR/models.html       the models, each with its card
DIR/models/MODEL.html a usability card a model
DIR/history.html      figures over the runs of several folders
DIR/cases/CASE.html   a page a case; where several folders hold the case, DIR/cases/FOLDER/CASE.html
DIR/cases.html        of more than 5,000 cases one page instead, which loads the part with the case that it is to show
DIR/assets/cases/     those parts
DIR/pictures/         pictures of cases, named by their sha256
DIR/assets/           scripts, style, Plotly, and the data of leaderboard and charts
"""

import contextlib
import importlib.util
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ptmbench.analysis.confusion import Confusion, confusion_of
from ptmbench.analysis.reliability import reliability_of
from ptmbench.errors import RecordError, StoreError, UsageError
from ptmbench.records.decision import Decision
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.cards import CardPage, cards_of
from ptmbench.report.site.case_parts import case_data
from ptmbench.report.site.comparisons import across
from ptmbench.report.site.holdings import CASES, Entry, entries_of, holdings
from ptmbench.report.site.installed import Installed
from ptmbench.report.site.leaderboard import leaderboard, parts_of
from ptmbench.report.site.pages import CaseContext, Press, data_file
from ptmbench.report.site.pictures import FOLDER, Picture, picture_of
from ptmbench.report.site.series import Runs, runs_of, series_of
from ptmbench.report.site.timeline import Timelines, timeline_data

MARK = ".ptmbench-site"  # tells a folder that this program filled from one that holds something else
OWN = ("assets", "cases", "models", FOLDER)  # what an earlier build left in them is not part of this one
PLOTLY = "plotly.min.js"


def build(
    folders: Iterable[tuple[ResultsFolder, Sequence[Record]]],
    target: Path,
    installed: Installed,
    decisions: Sequence[Decision] = (),
) -> int:
    """Writes the site of these folders, their settled records and decisions; returns the number of case pages."""
    plotly = _plotly()
    held = holdings(folders)
    entries = entries_of(held)
    if not entries:
        raise UsageError("the folders hold no record that can be read: there is nothing to make a site of")
    press, runs, found = Press.ready(installed, decisions), runs_of(entries), across(entries)
    cards, timelines = cards_of(entries, found, installed), Timelines.of(entries)
    try:
        _clear(target)
        _write_assets(target / "assets", plotly, entries)
        _write_cases(target, press, entries, _Contexts(runs, timelines, cards))
        for card in cards.values():
            _write(target / card.page, press.card(card))
            if card.drawn:
                _write_picture(target, card.drawn.picture)
        _write(target / "models.html", press.models(list(cards.values())))
        _write(target / "charts.html", press.charts())
        _write(target / "tables.html", press.tables(found))
        _write(target / "assets" / "timeline.js", data_file("timeline", timeline_data(timelines)))
        _write(target / "history.html", press.history(timelines))
        if decisions:
            _write(target / "recommendation.html", press.recommendation())
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
    (target / "cases.html").unlink(missing_ok=True)


def _write_assets(folder: Path, plotly: Path, entries: Sequence[Entry]) -> None:
    folder.mkdir()
    for source in resources.files("ptmbench.report.site").joinpath("static").iterdir():
        (folder / source.name).write_bytes(source.read_bytes())
    shutil.copyfile(plotly, folder / PLOTLY)
    first, *others = parts_of(leaderboard(entries))
    _write(folder / "data.js", data_file("data", first))
    for number, rows in enumerate(others, start=1):
        _write(folder / f"data-{number}.js", data_file("rows", rows["rows"]))
    _write(folder / "series.js", data_file("series", series_of(entries)))


def _answered(entry: Entry) -> tuple[Confusion | None, Mapping[str, Any]]:
    """Which classes the case takes for which, and how sure it is; nothing where its outcomes cannot be read."""
    if entry.record.quality is None or entry.in_part:
        return None, {}
    with contextlib.suppress(RecordError), entry.holding.folder.outcomes(entry.record) as outcomes:
        return confusion_of(outcomes), reliability_of(outcomes)
    return None, {}


@dataclass(frozen=True, slots=True)
class _Contexts:
    """What the pages of all cases show beside their records."""

    runs: Runs
    timelines: Timelines
    cards: Mapping[str, CardPage]

    def of(self, entry: Entry) -> CaseContext:
        """What the page of one case shows; which classes it takes for which where it has a page of its own."""
        record = entry.record
        steps = self.timelines.marks(record) if len(self.runs[record.case.id, entry.setting]) > 1 else {}
        return CaseContext(self.runs, steps, self.cards[record.case.model.name].page, *_answered(entry))


def _write_cases(target: Path, press: Press, entries: Sequence[Entry], contexts: _Contexts) -> None:
    """A page for each case, or one page and parts with what it shows."""
    parts: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for entry in entries:
        quality = entry.record.quality
        pictures = [picture_of(entry.holding.folder, sheet) for sheet in (quality.pictures if quality else [])]
        for picture in pictures:
            _write_picture(target, picture)
        if not entry.in_part:
            _write(target / entry.page, press.case(entry, pictures, contexts.of(entry)))
            continue
        number, _, name = entry.page.removeprefix(CASES).partition("/")
        parts[number][name] = case_data(entry, pictures, contexts.of(entry), press.installed)
        if len(parts) > 1:  # a part is whole once the next one begins
            done = next(iter(parts))
            _write(target / "assets" / "cases" / f"{done}.js", data_file("cases", parts.pop(done)))
    for number, part in parts.items():
        _write(target / "assets" / "cases" / f"{number}.js", data_file("cases", part))
    if parts:
        _write(target / "cases.html", press.cases())


def _write_picture(target: Path, picture: Picture) -> None:
    if picture.content is not None:
        path = target / picture.page
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture.content)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
