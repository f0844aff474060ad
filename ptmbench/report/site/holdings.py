"""What the site is made of: results folders, and of each case in them an entry with its row and its page."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import by_table, rows_of
from ptmbench.records.record import Record
from ptmbench.records.store import ResultsFolder

MOST_PAGES = (
    5000  # cases with a page each: more are shown by one page, from parts that it loads when it is asked for one
)
A_PART = 200  # cases: about a MB
CASES = "cases.html#"  # how the address of a case in a part begins
Setting = tuple[str, str, str]  # budget, device, precision


@dataclass(frozen=True, slots=True)
class Holding:
    """One results folder: a name that no other one has, the same as part of an address, and its records."""

    label: str
    slug: str
    folder: ResultsFolder
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of one folder. `rows` is how many rows the table has in which it is ranked."""

    holding: Holding
    record: Record
    row: CaseRow
    rows: int
    page: str

    @property
    def in_part(self) -> bool:
        """Whether the case is shown from a part, and has no page of its own."""
        return self.page.startswith(CASES)

    @property
    def setting(self) -> Setting:
        """What figures must share to be compared."""
        return self.record.budget, self.record.provenance.device, self.record.case.precision


def holdings(folders: Iterable[tuple[ResultsFolder, Sequence[Record]]]) -> list[Holding]:
    """The folders by name; folders of one name are told apart by as much of their path as it takes."""
    found = list(folders)
    labels = _labels([folder.path.resolve() for folder, _ in found])
    taken: Counter[str] = Counter()
    made = []
    for (folder, records), label in zip(found, labels, strict=True):
        made.append(Holding(label, slug_of(label, taken), folder, tuple(records)))
    return made


def slug_of(label: str, taken: Counter[str]) -> str:
    """The label as part of an address: no letter of it leads out of a folder, and no other label has the same."""
    slug = re.sub(r"[^A-Za-z0-9_.-]", "_", label).strip(".") or "unnamed"
    taken[slug] += 1
    return slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"


def _labels(paths: Sequence[PurePath]) -> list[str]:
    """The last parts of each path, as many as make it the only one of its name; equal paths stay equal."""
    depths = [1] * len(paths)
    for depth in range(1, max((len(path.parts) for path in paths), default=1)):
        names = Counter(_tail(path, mine) for path, mine in zip(paths, depths, strict=True))
        depths = [depth + 1 if names[_tail(path, mine)] > 1 else mine for path, mine in zip(paths, depths, strict=True)]
    if len(set(paths)) < len(paths):  # a folder named twice would ask for its whole path, which nobody wants to read
        depths = [1] * len(paths)
    return [_tail(path, depth) for path, depth in zip(paths, depths, strict=True)]


def _tail(path: PurePath, parts: int) -> str:
    return "/".join(path.parts[-parts:])


def entries_of(kept: Sequence[Holding]) -> list[Entry]:
    """An entry for every record, table by table; ranks are told within a folder, where all ran side by side."""
    often = Counter(record.case.id for holding in kept for record in holding.records)
    found = [entry for holding in kept for entry in _of_holding(holding, often)]
    if len(found) <= MOST_PAGES:
        return found
    return [replace(entry, page=_in_part(entry.page, number)) for number, entry in enumerate(found)]


def _in_part(page: str, number: int) -> str:
    """The address of a case that has no page of its own: the number of its part, and its name there."""
    return f"{CASES}{number // A_PART}/{page.removeprefix('cases/').removesuffix('.html')}"


def _of_holding(holding: Holding, often: Mapping[str, int]) -> Iterator[Entry]:
    for _, members in by_table(holding.records):
        rows = list(zip(members, rows_of(members, holding.folder.estimate), strict=True))
        finished = sum(row.value is not None for _, row in rows)
        for record, row in sorted(rows, key=_best_first):
            folder = f"{holding.slug}/" if often[record.case.id] > 1 else ""
            yield Entry(holding, record, row, finished, f"cases/{folder}{record.case.id}.html")


def _best_first(pair: tuple[Record, CaseRow]) -> tuple[bool, float, str]:
    record, row = pair
    upwards = record.quality is None or record.quality.higher_is_better
    value = row.value or 0.0
    return row.value is None, -value if upwards else value, record.case.id
