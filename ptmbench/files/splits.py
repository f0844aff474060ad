"""Splits and draws, made from hashes of the sample ids.

Which split a sample falls in depends on its id alone: adding, dropping or reordering other samples moves nothing, and
two data sets made of the same handwriting split it alike. Half of the samples are for test, a tenth for validation.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ptmbench.errors import Unavailable, UsageError

Part = Literal["train", "validation", "test"]

TEST_SHARE = 0.5
VALIDATION_SHARE = 0.1
HELD_OUT_SHARE = 0.2  # of the training part, where data come with a test part and no validation part
FEW = 20  # examples of a class: of so many the hashes leave one class in a million without one to learn from
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


def stratified(split: Split, ids: Sequence[str], labels: Sequence[int]) -> Split:
    """A split by hashes, its small classes divided by the ranks of their hashes: each has a training example then.

    Of a class with few examples the hashes may leave none to learn from. Half of them are for test and a tenth for
    validation, as of large classes; a single one is for training. Larger classes stay as they are.
    """
    counts = Counter(labels)
    few = {label for label, count in counts.items() if count < FEW}
    if not few:
        return split
    part: dict[int, Part] = dict.fromkeys(split.train, "train")
    part |= dict.fromkeys(split.validation, "validation")
    part |= dict.fromkeys(split.test, "test")
    for label in few:
        members = sorted((i for i in part if labels[i] == label), key=lambda index: _hash(f"split:{ids[index]}"))
        tests = len(members) // 2
        held = round(len(members) * VALIDATION_SHARE)
        part |= dict.fromkeys(members[:tests], "test")
        part |= dict.fromkeys(members[tests : tests + held], "validation")
        part |= dict.fromkeys(members[tests + held :], "train")
    return split_by_parts([part[index] for index in range(len(ids))])


def split_by_parts(parts: Sequence[Part]) -> Split:
    """The split that a data set itself gives, one part's name a sample."""
    places: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index, part in enumerate(parts):
        places[part].append(index)
    return Split(tuple(places["train"]), tuple(places["validation"]), tuple(places["test"]))


def with_validation(split: Split, ids: Sequence[str], labels: Sequence[int] | None = None) -> Split:
    """A split that has no validation part with a fifth of its training examples, by their hashes, as one.

    Where the hashes hold out none of few examples, the one with the least hash is held out. With `labels` [n] no class
    loses its last training example by that.
    """
    if split.validation or len(split.train) < 2:
        return split
    places = {index: _hash(f"validation:{ids[index]}") / _RANGE for index in split.train}
    free = set(places) - (_last_of_classes(places, labels) if labels is not None else set())
    held = {index for index in free if places[index] < HELD_OUT_SHARE}
    held = held or ({min(free, key=places.__getitem__)} if free else set())
    kept = tuple(index for index in split.train if index not in held)
    return Split(kept, tuple(sorted(held)), split.test)


def unread_test(split: Split, ids: Sequence[str], labels: Sequence[int] | None = None) -> Split:
    """A split that is scored on its validation part: its test part is in none, and what tunes is held out of training.

    Decisions that rest on such scores have not seen the test part. With `labels` [n] no class loses its last training
    example.
    """
    return with_validation(Split(split.train, (), split.validation), ids, labels)


def _last_of_classes(places: Mapping[int, float], labels: Sequence[int]) -> set[int]:
    """The example of each class that is held out last: the one with the largest hash."""
    last: dict[int, int] = {}
    for index, place in places.items():
        label = labels[index]
        if label not in last or place > places[last[label]]:
            last[label] = index
    return set(last.values())


def limited(split: Split, ids: Sequence[str], train: int | None, validation: int | None) -> Split:
    """So many training and validation examples, drawn by their hashes from both parts together; the test part stays.

    This is the protocol of VTAB-1k (Zhai et al. 2019) with 800 and 200. A number left out leaves its part at the share
    it has. Raises `UsageError` where there are not enough.
    """
    if train is None and validation is None:
        return split
    pool = sorted((*split.train, *split.validation), key=lambda index: _hash(f"amount:{ids[index]}"))
    held = validation if validation is not None else min(len(split.validation), max(len(pool) - (train or 0), 0))
    seen = train if train is not None else len(pool) - held
    if seen + held > len(pool) or not held or seen < 1:
        raise UsageError(
            f"expected train + val of at most {len(pool)} examples, and at least 1 of each; got train={seen}, "
            f"val={held}"
        )
    return Split(tuple(sorted(pool[:seen])), tuple(sorted(pool[seen : seen + held])), split.test)


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


def folds(
    ids: Sequence[str], labels: Sequence[int] | None, pool: Sequence[int], count: int
) -> tuple[tuple[int, ...], ...]:
    """A pool of examples in parts of like size, for cross-validation; the hashes of their ids say which goes where.

    Args:
        ids: Of all samples.
        labels: Their classes, each of which is dealt out evenly; None where examples have no single one.
        pool: Indices of the examples.
        count: How many parts there are at most; none is empty.

    Returns:
        Indices of each part.
    """
    by_class: defaultdict[int, list[int]] = defaultdict(list)
    for index in sorted(pool, key=lambda index: _hash(f"fold:{ids[index]}")):
        by_class[0 if labels is None else labels[index]].append(index)
    dealt = [index for label in sorted(by_class) for index in by_class[label]]
    return tuple(tuple(sorted(dealt[first::count])) for first in range(min(count, len(dealt))))
