"""The tables across tasks: generalisation, the cost to come near the best, robustness, and sources.

Where a case lies in several folders the record that ran last counts, since means are taken over one of each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ptmbench.analysis.economy import CheapestCase, cheapest_cases
from ptmbench.analysis.generalisation import Generalisation, generalisation
from ptmbench.analysis.robustness import RobustTable, robust_tables
from ptmbench.analysis.sources import SourceTable, source_tables
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.holdings import Entry, Setting
from ptmbench.statistics.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Across:
    """What the records of one setting say across tasks, and the folders that they lie in."""

    setting: Setting
    folders: tuple[str, ...]
    comparisons: tuple[Generalisation, ...]
    economy: tuple[tuple[CheapestCase, CheapestCase], ...]
    robust: tuple[RobustTable, ...]
    sources: tuple[SourceTable, ...]

    @property
    def name(self) -> str:
        """The setting in words."""
        return ", ".join(self.setting)


def across(entries: Iterable[Entry]) -> list[Across]:
    """One for each setting."""
    groups: defaultdict[Setting, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.setting].append(entry)
    return [_of_setting(setting, latest(groups[setting])) for setting in sorted(groups)]


def latest(entries: Iterable[Entry]) -> list[Entry]:
    """The entry of each case that ran last."""
    found: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.record.provenance.started_at, entry.holding.label)):
        found[entry.record.case.id] = entry
    return [found[case_id] for case_id in sorted(found)]


def _of_setting(setting: Setting, entries: Sequence[Entry]) -> Across:
    records = [entry.record for entry in entries]
    homes = {entry.record.case.id: entry.holding.folder for entry in entries}
    costs = cheapest_cases(records)
    return Across(
        setting=setting,
        folders=tuple(sorted({entry.holding.label for entry in entries})),
        comparisons=tuple(generalisation(records)),
        economy=tuple(zip(costs[::2], costs[1::2], strict=True)),
        robust=tuple(_robust(records, homes)),
        sources=tuple(source_tables(records)),
    )


def _robust(records: Sequence[Record], homes: dict[str, ResultsFolder]) -> list[RobustTable]:
    def clean(record: Record) -> Estimate:
        return homes[record.case.id].estimate(record)

    def corrupted(record: Record) -> Estimate | None:
        return homes[record.case.id].corrupted_estimate(record)

    return robust_tables(records, clean, corrupted)
