"""Parts that many records have alike, kept once in memory: a folder holds few models, tasks, machines and reasons.

A record of its own takes 21 kB, one that shares its parts 5: 100,000 of them fit into the memory of a small machine.
Records do not change, so that nobody can tell.
"""

import gc
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pydantic import BaseModel

from ptmbench.records.case_record import (
    InputRecord,
    MethodRecord,
    ModelRecord,
    SourceDistance,
    TaskRecord,
)
from ptmbench.records.cost_record import PeakMemory
from ptmbench.records.record import PARTS, Machine, Record

REPEATED: Final = {InputRecord, Machine, MethodRecord, ModelRecord, PeakMemory, SourceDistance, TaskRecord}
TEXTS: Final = {"missing", "packages", "uncounted_operations"}  # fields of texts that repeat as a whole
MOST: Final = 20_000  # different parts: where every record has others, looking for equal ones saves nothing


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside the block nothing looks for cycles among objects: records have none, and all of them would be gone through
    again and again as they get more, which takes a quarter of the time of reading them.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def with_least_latency(record: Record) -> Record:
    """The record itself, of the samples of its latency only the least, which is what figures read of them."""
    latency = record.cost.latency_s if record.cost else None
    if latency and latency.samples:
        vars(latency)["samples"] = [min(latency.samples)]
    return record


def for_comparison(record: Record) -> Record:
    """The record itself without what no comparison of two runs reads: its gain, and all but the least latency."""
    vars(record).update(gain=None, differences=[])
    return with_least_latency(record)


class Shared:
    """The parts of the records that were seen so far."""

    def __init__(self) -> None:
        self._parts: dict[Hashable, Any] = {}
        self._names: dict[frozenset[str], set[str]] = {}

    def record(self, record: Record) -> Record:
        """The record itself, its parts exchanged for equal ones that were there before."""
        self._exchange(record)
        return record

    def _exchange(self, part: BaseModel) -> None:
        fields = vars(part)
        for name, value in fields.items():
            kind = type(value)
            if kind in REPEATED:
                fields[name] = self._known((kind, value.model_dump_json()), value)
            elif name in TEXTS:
                key = tuple(value.items()) if isinstance(value, dict) else tuple(value)
                fields[name] = self._known((name, key), value)
            elif kind in PARTS:
                self._exchange(value)
        self._name(part)

    def _known(self, key: Hashable, value: Any) -> Any:
        """The first value of this key; of a new one, what it is made of is looked through too."""
        found = self._parts.get(key)
        if found is not None:
            return found
        if isinstance(value, BaseModel):
            self._name(value)
        if len(self._parts) < MOST:
            self._parts[key] = value
        return value

    def _name(self, part: BaseModel) -> None:
        """Shares the set of the fields that were given, which takes more memory than the figures."""
        given = part.model_fields_set
        object.__setattr__(part, "__pydantic_fields_set__", self._names.setdefault(frozenset(given), given))
