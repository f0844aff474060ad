"""The data of a task, loaded once: samples, split, digest, and network inputs for a preprocessing."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptmbench.catalog.data_references import SCORED, scored_on_validation
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.schemes import data_scheme
from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages
from ptmbench.engine.datasets.base import COUNTED_IN_ALL, LabelledTexts, LabelledTokens, OneLabel, Samples
from ptmbench.engine.datasets.builtin import DATASETS
from ptmbench.engine.datasets.referenced import check_shots
from ptmbench.engine.hot import hot
from ptmbench.engine.inputs.batches import Inputs
from ptmbench.engine.inputs.pictures import Encoded, Preprocessing
from ptmbench.engine.metrics import Labels
from ptmbench.errors import UnknownName
from ptmbench.files.balance import UNKNOWN, Balance, balance_of, checked_classes, checked_parts, checked_truth
from ptmbench.files.letters import checked_letters
from ptmbench.files.splits import (
    Split,
    draw,
    folds,
    limited,
    split_by_hash,
    split_by_parts,
    stratified,
    unread_test,
    with_validation,
)
from ptmbench.files.tags import NO_TRUTH, checked_entities, has_entity

Indices = Sequence[int] | NDArray[np.int64]
COUNTS: Final[dict[type, str]] = {
    BoxedImages: "box that is neither difficult nor a crowd",
    MaskedImages: "pixel whose class is not left out",
}


def digest_of(samples: Samples, split: Split) -> str:
    """sha256 over ids, content, labels and the parts they fall in."""
    digest = hashlib.sha256("\n".join(samples.ids).encode())
    for content in samples.content():
        digest.update(content)
    for part in (split.train, split.validation, split.test):
        digest.update(np.asarray(part, dtype=np.int64).tobytes() + b"|")
    return digest.hexdigest()


@dataclass(slots=True)
class TaskData:
    """One data set with its split; inputs are kept for the last preprocessing asked for.

    `labels` holds the labels of all examples one after the other, `lengths` [n] how many each has: one, or one a word.
    """

    samples: Samples
    split: Split
    sha256: str
    labels: Labels
    lengths: NDArray[np.int64]
    balance: Balance = UNKNOWN
    _encoded: tuple[Preprocessing, Encoded] | None = field(default=None, repr=False)

    def encoded(self, preprocessing: Preprocessing, keep: Callable[[Inputs], Inputs] = lambda given: given) -> Encoded:
        """All samples as the checkpoint wants them; `keep` may keep what was decoded."""
        if self._encoded is None or self._encoded[0] != preprocessing:
            encoded = preprocessing.encode(self.samples, self.split.train, self.split.validation)
            self._encoded = preprocessing, replace(encoded, inputs=keep(encoded.inputs))
        return self._encoded[1]

    def training_examples(self, shots: int | None, seed: int) -> Tensor:
        """Indices of the labelled examples that a seed may see."""
        in_all = isinstance(self.samples, COUNTED_IN_ALL)
        classes = [0] * len(self.samples.ids) if in_all else self.labels.tolist()
        return torch.tensor(draw(self.samples.ids, classes, self.split.train, shots, seed))

    def folds(self, pool: Indices, count: int) -> list[NDArray[np.int64]]:
        """Some examples in at most so many parts for cross-validation, each with its share of every class."""
        single = self.labels.tolist() if isinstance(self.samples, OneLabel) else None
        chosen = [int(index) for index in pool]
        return [np.asarray(part) for part in folds(self.samples.ids, single, chosen, count)]

    @property
    def classes(self) -> int:
        """How many labels a head tells apart."""
        return len(self.samples.classes)

    def train_size(self, shots: int | None) -> int:
        """How many examples a draw has; raises `UsageError` where the training split has too few."""
        check_shots(self.samples, self.split.train, shots)
        if shots is None:
            return len(self.split.train)
        return shots if isinstance(self.samples, COUNTED_IN_ALL) else shots * self.classes

    @property
    def unscored(self) -> str | None:
        """Why no answer to the test part has a score; None where each has one."""
        if not isinstance(self.samples, LabelledTokens) or self.samples.plain:
            return None
        return None if has_entity(self.samples.tags[index] for index in self.split.test) else NO_TRUTH

    def truth(self, indices: Indices) -> Labels:
        """The labels of these examples, one after the other."""
        if isinstance(self.samples, LabelledTokens):
            ends = self.lengths.cumsum()
            return np.concatenate([self.labels[ends[i] - self.lengths[i] : ends[i]] for i in indices])
        return self.labels[list(indices)]


def load(dataset: str, *, skip_bad: bool = False) -> TaskData:
    """Loads the data set of a catalog name or reference and splits it."""
    reference = parse(dataset)
    if reference.scheme:
        samples: Samples = hot(data_scheme(reference.scheme).hot)(reference.without(SCORED), skip_bad=skip_bad)
    elif reference.name in DATASETS:
        samples = DATASETS[reference.name]()
    else:
        raise UnknownName("data set", reference.name, DATASETS)
    _check_letters(samples, dataset)
    labels, lengths = samples.labels.numpy(), samples.lengths.numpy()
    split = _split(samples, labels, reference)
    checked_parts(split, dataset)
    if isinstance(samples, BoxedImages | MaskedImages):
        checked_truth(samples.counting, samples.classes, split, dataset, COUNTS[type(samples)])
    if isinstance(samples, OneLabel):
        checked_classes(labels.tolist(), samples.classes, split, dataset)
    if isinstance(samples, LabelledTokens) and not samples.plain:
        checked_entities((samples.tags[index] for index in split.train), "training", dataset)
    return TaskData(
        samples, split, digest_of(samples, split), labels, lengths, _balance(samples, split, labels, lengths)
    )


def _check_letters(samples: Samples, dataset: str) -> None:
    """Raises `UsageError` for names and texts that no digest and no record could hold."""
    checked_letters((*samples.classes, *samples.ids), "names of files and classes (rename them)", dataset)
    if isinstance(samples, LabelledTexts):
        checked_letters((*samples.texts, *samples.pairs), "texts (mend them)", dataset)
    if isinstance(samples, LabelledTokens):
        checked_letters((word for words in samples.sentences for word in words), "words (mend them)", dataset)


def _split(samples: Samples, labels: Labels, reference: Reference) -> Split:
    """The parts as the set gives them, else by the hashes of the ids; with as many examples as the reference asks."""
    single = labels.tolist() if isinstance(samples, OneLabel) else None
    if samples.parts:
        split = split_by_parts(samples.parts)
    else:
        split = split_by_hash(samples.ids)
        split = split if single is None else stratified(split, samples.ids, single)
    split = with_validation(split, samples.ids, single)
    split = limited(split, samples.ids, reference.integer("train"), reference.integer("val"))
    return unread_test(split, samples.ids, single) if scored_on_validation(str(reference)) else split


def _balance(samples: Samples, split: Split, labels: Labels, lengths: NDArray[np.int64]) -> Balance:
    """How labels are spread; of boxes and masks, how those that count are."""
    if isinstance(samples, BoxedImages | MaskedImages):
        return balance_of(samples.counting, samples.classes, split, samples.contents(), whole=False)
    ends = lengths.cumsum()
    each = [labels[end - length : end].tolist() for end, length in zip(ends, lengths, strict=True)]
    plain = isinstance(samples, OneLabel) or (isinstance(samples, LabelledTokens) and samples.plain)
    return balance_of(each, samples.classes, split, samples.contents(), whole=plain)
