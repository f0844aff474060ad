"""`ptmbench floors`: accuracy floors from measured records, shown as a diff, written only when told to."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from ptmbench.catalog.bounds import shown
from ptmbench.catalog.settings import BUDGETS
from ptmbench.errors import StoreError, UsageError
from ptmbench.outlet import say
from ptmbench.reading import text_of
from ptmbench.records.record import PROTOCOL_VERSION, Record
from ptmbench.records.store import ResultsFolder, read_folders
from ptmbench.records.writing import write_atomically
from ptmbench.running.floor_proposals import as_toml, proposed
from ptmbench.running.floors import Floors, load_floors
from ptmbench.terminal import log_line

USUAL = Path("benchmarks") / "floors.toml"
MOST_DEVIATIONS = 100
TOLERANCE = {"fp32": 0.0, "bf16": 0.01}


def propose(arguments: argparse.Namespace) -> int:
    """Shows what would change in the floors file, or changes it."""
    if not isinstance(arguments.deviations, float) or not 0 < arguments.deviations <= MOST_DEVIATIONS:
        raise UsageError(
            f"expected --deviations above 0 and at most {MOST_DEVIATIONS}, got {shown(arguments.deviations)}"
        )
    known, before = Floors(arguments.file.name, {}, TOLERANCE), ""
    if arguments.file.exists():
        read, before = load_floors(arguments.file), text_of(arguments.file)
        known = read if before else known
    by_budget = {budget: dict(floors) for budget, floors in known.by_budget.items()}
    folders, problems = read_folders(arguments.folders)
    if problems:
        raise StoreError("floors are proposed from folders that can be read whole: " + "; ".join(problems))
    _refuse_stale(folders)
    for folder, records in folders:
        by_budget.setdefault(_budget(folder), {}).update(proposed(records, arguments.deviations))
    after = as_toml(by_budget, known.tolerance)
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), str(arguments.file), f"{arguments.file} (proposed)", n=0, lineterm=""
    )
    changes = list(lines)
    say("\n".join(map(log_line, changes)) if changes else f"{arguments.file} stays as it is")
    if arguments.write and changes:
        write_atomically(arguments.file, after.encode())
        say(f"{arguments.file} written")
    elif changes:
        say(f"nothing was written: --write changes {arguments.file}")
    return 0


def _refuse_stale(folders: Sequence[tuple[ResultsFolder, Sequence[Record]]]) -> None:
    """Raises `StoreError` over records of another protocol, which measured the same cases differently."""
    stale = []
    for folder, records in folders:
        others = [record.protocol_version for record in records if record.protocol_version != PROTOCOL_VERSION]
        if others:
            versions = ", ".join(map(str, sorted(set(others))))
            stale.append(f"{folder.path} has {len(others)} of protocol {versions}")
    if stale:
        raise StoreError(
            f"expected records of protocol {PROTOCOL_VERSION}, which is what runs: {'; '.join(stale)}: run their cases "
            "again first"
        )


def _budget(folder: ResultsFolder) -> str:
    key = folder.key()
    if key is None:
        raise StoreError(
            f"{folder.path} is no results folder: expected one that ptmbench run --results DIR has written"
        )
    if key.budget not in BUDGETS:
        raise StoreError(f"{folder.path} is of the budget {key.budget!r}: expected one of {', '.join(sorted(BUDGETS))}")
    return key.budget
