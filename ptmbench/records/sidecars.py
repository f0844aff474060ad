"""The files beside a record: which there are, and whether they are what the record speaks of."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from ptmbench.errors import RecordError
from ptmbench.reading import content_of
from ptmbench.records.record import Outcomes, Record
from ptmbench.statistics.estimates import Estimate

OUTCOMES = "outcomes"
PICTURES = "pictures"
ATTRIBUTIONS = "attributions"
SIDECARS = (
    (OUTCOMES, ".npz"),
    (PICTURES, ".png"),
    (ATTRIBUTIONS, ".png"),
)  # the folders, and how the files in them end
BEFORE = "~"  # behind the name of a sidecar that is about to be replaced


def sidecars_of(record: Record) -> tuple[Outcomes, ...]:
    """The files beside a record, as it speaks of them."""
    return () if record.quality is None else (record.quality.outcomes, *record.quality.pictures)


def unlike(record: Record, found: Estimate) -> str | None:
    """How outcomes contradict the record that speaks of them; None where they do not."""
    seeds = () if record.quality is None else tuple(each.seed for each in record.quality.seeds)
    if found.seeds != seeds or found.values.shape != (len(seeds),):
        return f"expected the seeds {list(seeds)}, got {len(found.values)} results of {list(found.seeds)}"
    expected = record.case.task.test_size
    if expected is not None and found.examples != expected:
        return f"expected {expected} test examples, got {found.examples}"
    if not (np.isfinite(found.values).all() and np.isfinite(found.effects).all()):
        return "expected numbers, got NaN or infinity"
    return None


def read_sidecar(path: Path, expected: str) -> bytes:
    """The bytes of this sha256: in the file, or beside it where a kill came between sidecar and record."""
    try:
        content = content_of(path)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() == expected:
        return content
    with suppress(OSError):
        content = content_of(path.with_name(path.name + BEFORE))
        if hashlib.sha256(content).hexdigest() == expected:
            return content
    raise RecordError(f"{path} is not what its record speaks of: expected sha256 {expected}")
