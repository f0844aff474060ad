"""Splits and draws, made from hashes of the sample ids.

Which split a sample falls in depends on its id alone: adding, dropping or reordering other samples moves nothing, and
two data sets made of the same handwriting split it alike. Half of the samples are for test, a tenth for validation.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ptmbench.errors import Unavailable

Part = Literal["train", "validation", "test"]

TEST_SHARE = 0.5
VALIDATION_SHARE = 0.1
_RANGE = 2**64


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the samples in each part, in the order of the data set."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def split_by_hash(ids: Sequence[str]) -> Split:
    """Train, validation and test indices; each id must stand once."""
    if len(set(ids)) != len(ids):
        raise ValueError(f"expected {len(ids)} different sample ids, got {len(set(ids))}")
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index, sample_id in enumerate(ids):
        place = _hash(f"split:{sample_id}") / _RANGE
        kept = place >= TEST_SHARE
        part = "test" if not kept else "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
        parts[part].append(index)
    return Split(tuple(parts["train"]), tuple(parts["validation"]), tuple(parts["test"]))


def split_by_parts(parts: Sequence[Part]) -> Split:
    """The split that a data set itself gives, one part's name a sample."""
    places: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index, part in enumerate(parts):
        places[part].append(index)
    return Split(tuple(places["train"]), tuple(places["validation"]), tuple(places["test"]))


def draw(
    ids: Sequence[str], labels: Sequence[int], pool: Sequence[int], shots: int | None, seed: int
) -> tuple[int, ...]:
    """The labelled examples that seed `seed` may see: `shots` a class of the pool, or all of it.

    Draws are nested: at one seed the 5-shot draw is part of the 20-shot draw. Raises `Unavailable` where a class has
    too few examples.
    """
    if shots is None:
        return tuple(pool)
    ranked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for index in pool:
        ranked[labels[index]].append((_hash(f"draw:{seed}:{ids[index]}"), index))
    short = {label: len(found) for label, found in ranked.items() if len(found) < shots}
    if short:
        listed = ", ".join(f"class {label} has {count}" for label, count in sorted(short.items()))
        raise Unavailable(f"expected {shots} training examples in each class: {listed}")
    return tuple(sorted(index for found in ranked.values() for _, index in sorted(found)[:shots]))
