"""Data of a Python program, held for as long as its run lasts, as samples."""

from collections import Counter
from collections.abc import Sequence

import torch

from ptmbench.catalog.objects import held_data
from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.base import LabelledImages, LabelledTexts
from ptmbench.files.arrays import LabelledArrays
from ptmbench.files.splits import Part, split_by_hash, stratified


def load(reference: Reference, *, skip_bad: bool) -> LabelledImages | LabelledTexts:
    """The examples with ids made of their content, so that adding, dropping or reordering others moves none."""
    content = held_data(reference).content
    ids, parts, labels = _ids(content.digests), _parts(content), torch.tensor(content.labels)
    if content.pixels is None:
        return LabelledTexts(ids, content.texts, labels, content.classes, parts)
    return LabelledImages(ids, torch.from_numpy(content.pixels), labels, content.classes, parts)


def _ids(digests: Sequence[str]) -> tuple[str, ...]:
    """A name for each example, copies of one numbered."""
    seen: Counter[str] = Counter()
    ids = []
    for digest in digests:
        ids.append(f"{digest}/{seen[digest]}" if seen[digest] else digest)
        seen[digest] += 1
    return tuple(ids)


def _parts(content: LabelledArrays) -> tuple[Part, ...]:
    """The part of each example: as it was said, else by the hash of its content, so that copies stay together."""
    if content.test is not None:
        return tuple("test" if test else "train" for test in content.test)
    different = tuple(dict.fromkeys(content.digests))
    labels = dict(zip(reversed(content.digests), reversed(content.labels), strict=True))  # of copies the first one's
    split = stratified(split_by_hash(different), different, [labels[digest] for digest in different])
    part: dict[str, Part] = {different[index]: "train" for index in split.train}
    part |= {different[index]: "validation" for index in split.validation}
    part |= {different[index]: "test" for index in split.test}
    return tuple(part[digest] for digest in content.digests)
