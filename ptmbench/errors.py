"""The errors a user can meet. Each message says what was expected, what came, and what to type next.

PtmbenchError
|-- UsageError          contradictory or impossible options            exit code 2
|   `-- UnknownName     no such model, task or method (near names)
|-- WeightsError        a checkpoint that is missing, corrupt or does not fit
|-- StoreError          a results folder that cannot be used
|   `-- RecordError     one record in it that cannot be read
|-- Unavailable         a case that cannot run here: becomes `skipped`
`-- CaseFailure         a case that ran and did not finish
    |-- Diverged        its loss or features are not finite
    |-- OutOfMemory     its memory was not enough
    `-- TimedOut        it took longer than `--timeout`
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType


class PtmbenchError(Exception):
    """The root; its text is shown to the user without a traceback."""


class UsageError(PtmbenchError):
    """Options that contradict each other or cannot be met."""


LISTED = ("model", "task", "method")  # what `ptmbench list` lists
FEW = 12  # names that a message can hold
SHOWN = 20  # faults that a message lists
LONGEST_SHOWN = 40  # letters of a value that a message quotes
ALIKE = 3  # faults that differ in their place alone, each told by itself
BEHIND_PLACE = re.compile(r": | has no ")


def near(name: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is not known: near ones, or all, or one of many."""
    names = sorted(known)
    if not names:
        return "there are none."
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if len(names) <= FEW:
        return f"there are {', '.join(names)}."
    return f"there are {len(names)}, for example {names[0]}."


class UnknownName(UsageError):
    """A name that is none of the known ones of its kind; the message lists near ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        where = f" All of them: ptmbench list {kind}s" if kind in LISTED else ""
        super().__init__(f"no {kind} is called {name!r}: {near(name, known)}{where}")

    def __reduce__(self) -> tuple[type[UsageError], tuple[str]]:
        """In another process it is a usage error of the same text: pickle would call the class with the text alone."""
        return UsageError, (str(self),)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def in_short(value: object) -> str:
    """The beginning of a value from a file, as a message can hold it."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def told_once(faults: Iterable[str]) -> list[str]:
    """Faults of the form `place: what` or `place has no ...`; one that many places share, once and with a count."""
    places: dict[str, list[str]] = {}
    for fault in faults:
        found = BEHIND_PLACE.search(fault)
        places.setdefault(fault[found.start() :] if found else fault, []).append(fault)
    lines: list[str] = []
    for same in places.values():
        lines += same if len(same) <= ALIKE else [f"{same[0]} (and {len(same) - 1:,} others likewise)"]
    return lines


class Faults(AbstractContextManager["Faults"]):
    """Usage errors of several steps, raised together: each step stands in a `with` of its own, `check` behind all."""

    def __init__(self, *lines: str) -> None:
        self._errors = [UsageError(line) for line in lines]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keeps a usage error for later; any other goes on."""
        if not isinstance(error, UsageError):
            return False
        self._errors.append(error)
        return True

    def check(self) -> None:
        """Raises what came: one as it is, several as one that says all, each text once."""
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise UsageError("; ".join(dict.fromkeys(str(error).removesuffix(".") for error in self._errors)))


class WeightsError(PtmbenchError):
    """A checkpoint that is missing, corrupt or does not fit its architecture."""


class StoreError(PtmbenchError):
    """A results folder that cannot be read, written or mixed."""


class RecordError(StoreError):
    """A record that cannot be read; the file is left as it is."""


class Unavailable(PtmbenchError):
    """A case that cannot run here; the text names the command that would make it run."""


class CaseFailure(PtmbenchError):
    """A case that started and did not finish; the run goes on."""


class Diverged(CaseFailure):
    """A loss or a feature that is not a finite number."""


class OutOfMemory(CaseFailure):
    """The machine or the device had too little memory."""


class TimedOut(CaseFailure):
    """The case took longer than the time it was given."""
