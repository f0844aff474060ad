"""A data set whose test examples are corrupted, and what the answers for them come to."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray

from ptmbench.engine.corruptions import pictures, texts
from ptmbench.engine.data import Indices, TaskData
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledImages, LabelledTexts, LabelledTokens, Samples
from ptmbench.engine.inputs.pictures import Encoded, Preprocessing
from ptmbench.engine.metrics import Labels
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.records.measured import Answers, MeasuredCorruption
from ptmbench.records.outcomes import CORRUPTED_PARTS

SEVERITIES = (1, 2, 3, 4, 5)
Condition = tuple[str, int]  # corruption and severity
KEPT_BYTES = 2**24  # of a set's pictures under one condition: 5 MiB are those of the handwritten digits


def conditions(samples: Samples) -> tuple[Condition, ...]:
    """What the samples can be put through; nothing for boxes and masks.

    Words with a label each may be mistyped, but none is left out: its label would be too.
    """
    names: tuple[str, ...] = ()
    if isinstance(samples, LabelledImages | LabelledImageFiles):
        names = tuple(pictures.CORRUPTIONS)
    elif isinstance(samples, LabelledTexts):
        names = tuple(texts.CORRUPTIONS)
    elif isinstance(samples, LabelledTokens):
        names = ("typos",)
    return tuple(product(names, SEVERITIES))


def corrupted(samples: Samples, test: Indices, condition: Condition) -> Samples:
    """The samples with the test examples corrupted and everything else as it was."""
    if isinstance(samples, LabelledImages):
        images = samples.images.clone()
        for index in test:
            pixels = samples.images[index].permute(1, 2, 0).numpy()
            changed = pictures.corrupted_picture(pixels, samples.ids[index], *condition)
            images[index] = torch.from_numpy(changed).permute(2, 0, 1)
        return replace(samples, images=images)
    if isinstance(samples, LabelledImageFiles):
        return replace(samples, change=functools.partial(_changed, condition=condition))
    chosen = set(map(int, test))
    if isinstance(samples, LabelledTexts):
        found = tuple(
            " ".join(texts.corrupted_words(text.split(), samples.ids[index], *condition)) if index in chosen else text
            for index, text in enumerate(samples.texts)
        )
        return replace(samples, texts=found)
    assert isinstance(samples, LabelledTokens)
    sentences = tuple(
        texts.corrupted_words(words, samples.ids[index], *condition) if index in chosen else words
        for index, words in enumerate(samples.sentences)
    )
    return replace(samples, sentences=sentences)


def _changed(pixels: pictures.Pixels, file: str, condition: Condition) -> pictures.Pixels:
    return pictures.corrupted_picture(pixels, file, *condition)


@dataclass(slots=True)
class CorruptedSamples:
    """Corrupted samples, and what preprocessings make of them: small sets are kept, encodings of the last one."""

    _samples: dict[tuple[str, Condition], Samples] = field(default_factory=dict)
    _encoded: dict[Condition, Encoded] = field(default_factory=dict)
    _owner: tuple[str, Preprocessing] | None = None

    def encoded(self, dataset: str, data: TaskData, preprocessing: Preprocessing, condition: Condition) -> Encoded:
        """All samples of a data set as a checkpoint wants them, the test examples corrupted."""
        if self._owner != (dataset, preprocessing):
            self._owner, self._encoded = (dataset, preprocessing), {}
        if condition in self._encoded:
            return self._encoded[condition]
        found = preprocessing.encode(self._of(dataset, data, condition), data.split.train, data.split.validation)
        if isinstance(data.samples, LabelledTexts | LabelledTokens):  # a tokenizer takes a second, pictures a moment
            self._encoded[condition] = found
        return found

    def _of(self, dataset: str, data: TaskData, condition: Condition) -> Samples:
        key = dataset, condition
        if key in self._samples:
            return self._samples[key]
        found = corrupted(data.samples, data.split.test, condition)
        if not isinstance(found, LabelledImages) or found.images.nbytes <= KEPT_BYTES:
            self._samples[key] = found
        return found


@dataclass(slots=True)
class Stress:
    """A case under every condition: the labels that its model gives the corrupted test examples, by seed."""

    scorer: Scorer
    conditions: tuple[Condition, ...]
    seen: list[list[Labels]] = field(default_factory=list)

    def put(self, answer: Callable[[Condition], Labels]) -> None:
        """Keeps one seed's answers under all conditions."""
        self.seen.append([answer(condition) for condition in self.conditions])

    def again(self) -> None:
        """A seed that would repeat the last one to the bit."""
        self.seen.append(self.seen[-1])

    def values(self) -> tuple[MeasuredCorruption, ...]:
        """The metric under each condition, mean over seeds."""
        return tuple(
            MeasuredCorruption(*condition, float(np.mean([self._score(answers[place]) for answers in self.seen])))
            for place, condition in enumerate(self.conditions)
        )

    def parts(self) -> NDArray[np.int64]:
        """What each test example adds to the metric over all conditions together [seeds, n, 2]."""
        test = self.scorer.data.split.test
        return np.stack([_total(self.scorer.parts(labels, test) for labels in answers) for answers in self.seen])

    def added_to(self, answers: Answers) -> Answers:
        """The answers for clean test examples with what is left on corrupted ones."""
        outcomes = {**answers.outcomes, CORRUPTED_PARTS: self.parts()}
        return replace(answers, corrupted=self.values(), outcomes=outcomes)

    def _score(self, labels: Labels) -> float:
        return self.scorer.score(labels, self.scorer.data.split.test)


def _total(parts: Iterator[NDArray[np.int64]]) -> NDArray[np.int64]:
    summed: NDArray[np.int64] = np.stack([*parts]).sum(axis=0)
    return summed
