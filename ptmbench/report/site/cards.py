"""The usability cards of all models of a site, from its entries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ptmbench.analysis.comparison import ComparisonTable, assembled, task_order
from ptmbench.analysis.usability import UsabilityCard, card_of
from ptmbench.records.record import Record
from ptmbench.report.site.comparisons import Across, latest
from ptmbench.report.site.holdings import Entry, Setting, slug_of
from ptmbench.report.site.installed import Drawn, Installed

Links = Mapping[tuple[str, str, str], str]  # the page of a case by task, budget and method


@dataclass(frozen=True, slots=True)
class CardPage:
    """A card, its page, the pages of the model's cases, and what the model draws."""

    card: UsabilityCard
    page: str
    links: Links
    drawn: Drawn | None


def cards_of(entries: Sequence[Entry], found: Sequence[Across], installed: Installed) -> dict[str, CardPage]:
    """By the name of a model its card; of a case that lies in several folders the record that ran last counts."""
    settings: defaultdict[Setting, list[Entry]] = defaultdict(list)
    for entry in entries:
        settings[entry.setting].append(entry)
    newest = [entry for setting in sorted(settings) for entry in latest(settings[setting])]
    tables = _tables(newest)
    comparisons = [comparison for part in found for comparison in part.comparisons]
    robust = [table for part in found for table in part.robust]
    by_model: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in newest:
        by_model[entry.record.case.model.name].append(entry)
    taken: Counter[str] = Counter()
    made = {}
    for name in sorted(by_model):
        records: list[Record] = [entry.record for entry in by_model[name]]
        mine = [table for table in tables if name in table.by_model]
        page = f"models/{slug_of(name, taken)}.html"
        card = card_of(name, records, mine, comparisons, robust)
        made[name] = CardPage(card, page, _links(by_model[name]), installed.drawn_by(card.model))
    return made


def _links(entries: Iterable[Entry]) -> Links:
    return {(entry.record.case.task.name, entry.record.budget, entry.record.case.way): entry.page for entry in entries}


def _tables(entries: Iterable[Entry]) -> list[ComparisonTable]:
    """The tables of the entries; the ranks of their rows stay those within the folder in which each ran."""
    groups: defaultdict[tuple[str, str, str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.record.case.task.name, *entry.setting].append(entry)
    return [
        assembled(key, [entry.record for entry in groups[key]], [entry.row for entry in groups[key]])
        for key in sorted(groups, key=task_order)
    ]
