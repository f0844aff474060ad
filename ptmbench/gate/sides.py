"""A side of the gate: the records of one or several launches of the same cases.

A side is a results folder, or a folder of results folders, one a launch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ptmbench.errors import StoreError
from ptmbench.records.record import Record
from ptmbench.records.sharing import for_comparison
from ptmbench.records.store import FolderKey, ResultsFolder, launches_of

Entry = tuple[ResultsFolder, Record]


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """What was read: the one key of all launches, and of each case its record in every launch that has it.

    Records are as far there as the gate reads them: without gains, and with the least of their latencies.
    """

    path: Path
    key: FolderKey
    launches: int
    cases: dict[str, list[Entry]]

    @property
    def machines(self) -> set[tuple[str, int]]:
        """The machines that the side was measured on, each with the threads that a case had there."""
        found = (record.provenance.machine for _, record in self.records())
        return {(machine.fingerprint, machine.threads) for machine in found}

    def records(self) -> Iterator[Entry]:
        """Every record with its folder."""
        for entries in self.cases.values():
            yield from entries


def read_side(path: Path) -> Side:
    """Reads a side whole; raises `StoreError` with all that is wrong with it."""
    folders = launches_of(path)
    problems: list[str] = []
    keys: dict[str, FolderKey] = {}
    cases: dict[str, list[Entry]] = {}
    for folder in folders:
        key = folder.key()
        if key:
            keys.setdefault(key.name, key)
        if running := folder.writers():
            problems.append(f"{folder.path} is being written to by {running[0]}: wait until it has finished")
        records, faults = folder.read_all(for_comparison)
        problems += faults
        for record in records:
            cases.setdefault(record.case.id, []).append((folder, record))
    if len(keys) > 1:
        problems.append(
            f"{path} holds launches of {' and '.join(sorted(keys))}: expected one budget, device, precision"
        )
    problems += [fault for entries in cases.values() if (fault := _torn(entries))]
    if problems:
        raise StoreError(f"{path} cannot be gated:\n  " + "\n  ".join(problems))
    if not keys or not cases:
        raise StoreError(f"{path} holds no records: expected a folder that ptmbench run --results DIR has written")
    return Side(path, next(iter(keys.values())), len(folders), cases)


def _torn(entries: list[Entry]) -> str | None:
    """What keeps the records of one case from being launches of the same thing."""
    digests = {record.case.digest for _, record in entries}
    if len(digests) == 1:
        return None
    where = ", ".join(str(folder.path) for folder, _ in entries)
    return f"{entries[0][1].case.id} stands in {where} with {len(digests)} different digests: expected launches of one"
