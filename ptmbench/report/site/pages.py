"""Pages: templates filled with what the site knows. Whatever comes from a record is escaped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import ptmbench
from ptmbench.analysis.confusion import Confusion
from ptmbench.analysis.usability import UsabilityCard
from ptmbench.records.decision import Decision
from ptmbench.records.figures import by_name, figures_in
from ptmbench.report.columns import VERDICTS
from ptmbench.report.figures import MARKS, labelled, metric_name, percent, place_range, written
from ptmbench.report.generality import shown_mean
from ptmbench.report.site.cards import CardPage
from ptmbench.report.site.case import FIGURE_RULES, command_of, groups_of
from ptmbench.report.site.case_notes import case_notes
from ptmbench.report.site.comparisons import Across
from ptmbench.report.site.holdings import CASES, Entry, Holding
from ptmbench.report.site.installed import Installed
from ptmbench.report.site.pictures import Picture
from ptmbench.report.site.series import Runs, charts_of
from ptmbench.report.site.timeline import MOST_STEPS, Timelines, step_rows
from ptmbench.report.trust import ASKED
from ptmbench.report.usability_pages import marks_on, span


def script_literal(value: Any) -> str:
    """JSON that may stand inside a script element or file: no letter of it can close the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def data_file(name: str, value: Any) -> str:
    """A script that hands a value to the page; pages of a folder may load scripts, but not read files."""
    return f"ptmbench.{name} = {script_literal(value)};\n"


def address(page: str) -> str:
    """The address of a page, whatever its name holds; of a case in a part what leads to it stands behind the #."""
    return f"{CASES}{quote(page.removeprefix(CASES))}" if page.startswith(CASES) else quote(page)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("ptmbench.report.site"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.globals |= {"version": ptmbench.__version__, "metric_name": metric_name, "percent": percent}
    made.globals |= {
        "place_range": place_range,
        "written": written,
        "labelled": labelled,
        "figure": by_name,
        "figures_in": figures_in,
        "kinds": {kind.place: kind for kind in ASKED},
        "mean": shown_mean,
        "verdicts": VERDICTS,
        "marks": MARKS,
        "span": span,
        "marks_on": marks_on,
    }
    made.filters |= {"address": address, "words": lambda text: str(text).replace("_", " "), "percent": _share}
    return made


def _share(value: float) -> str:
    return f"{100 * value:.1f}"


@dataclass(frozen=True, slots=True)
class CaseContext:
    """What the page of a case shows beside its record: all runs of cases, the steps of its quality by the time of the
    first run after each, the page of its model, which classes it takes for which, and the lines of its reliability
    diagram.
    """

    runs: Runs
    steps: Mapping[str, str]
    card: str
    confusion: Confusion | None = None
    reliability: Mapping[str, Any] = field(default_factory=dict)

    def charts(self, entry: Entry) -> tuple[Sequence[Entry], dict[str, Any]]:
        """All runs of a case, and what its page draws."""
        runs = self.runs[entry.record.case.id, entry.setting]
        charts = charts_of(entry, runs)
        if "history" in charts:
            charts["history"]["steps"] = dict(self.steps)
        if self.reliability:
            charts["reliability"] = self.reliability
        return runs, charts


@dataclass(frozen=True, slots=True)
class Press:
    """Renders the pages of one site; `depth` in a template is how many folders deep its page lies."""

    environment: Environment
    installed: Installed
    decisions: Sequence[Decision] = ()

    @classmethod
    def ready(cls, installed: Installed, decisions: Sequence[Decision] = ()) -> "Press":
        """One with the package's templates."""
        return cls(_environment(), installed, decisions)

    def _page(self, template: str, page: str, **values: Any) -> str:
        found, decided = self.environment.get_template(template), bool(self.decisions)
        return found.render(root="../" * page.count("/"), page=page, decided=decided, **values)

    def recommendation(self) -> str:
        """The decisions that the folders hold."""
        return self._page("recommendation.html", "recommendation.html", decisions=self.decisions)

    def index(self, held: Sequence[Holding], entries: Sequence[Entry]) -> str:
        """The leaderboard."""
        finished = sum(entry.row.value is not None for entry in entries)
        return self._page("index.html", "index.html", holdings=held, cases=len(entries), finished=finished)

    def cases(self) -> str:
        """The page that shows any case of a site with too many for a page each."""
        return self._page("cases.html", "cases.html", figures=script_literal(FIGURE_RULES))

    def charts(self) -> str:
        """The charts over tasks and cases."""
        return self._page("charts.html", "charts.html")

    def tables(self, found: Sequence[Across]) -> str:
        """The tables across tasks."""
        return self._page("tables.html", "tables.html", settings=found)

    def models(self, cards: Sequence[CardPage]) -> str:
        """The list of models with a card."""
        return self._page("models.html", "models.html", cards=cards)

    def card(self, found: CardPage) -> str:
        """The usability card of a model."""
        drawn = found.drawn
        return self._page("card.html", found.page, base="base.html", card=found.card, links=found.links, drawn=drawn)

    def card_alone(self, card: UsabilityCard) -> str:
        """The same as a page that needs no other file."""
        css = resources.files("ptmbench.report.site").joinpath("static", "site.css").read_text(encoding="utf-8")
        style = Markup(css)  # noqa: S704  a file of ours
        drawn = self.installed.drawn_by(card.model)
        return self._page("card.html", "card.html", base="alone.html", card=card, links={}, drawn=drawn, style=style)

    def history(self, timelines: Timelines) -> str:
        """Figures over time, and where they stepped."""
        rows, cases = step_rows(timelines), len({one.case_id for one in timelines.found})
        return self._page("history.html", "history.html", steps=rows[:MOST_STEPS], of=len(rows), cases=cases)

    def case(self, entry: Entry, pictures: Sequence[Picture], context: CaseContext) -> str:
        """The page of a case."""
        runs, charts = context.charts(entry)
        return self._page(
            "case.html",
            entry.page,
            entry=entry,
            card=context.card,
            case=entry.record.case,
            row=entry.row,
            notes=case_notes(entry.record, entry.row),
            record=entry.record,
            groups=groups_of(entry.record),
            command=command_of(entry.record, self.installed.ships),
            runs=runs,
            pictures=pictures,
            drawn=self.installed.drawn_by(entry.record.case.model),
            confusion=context.confusion,
            charts=charts,
            literal=script_literal(charts),
        )
