"""From tagged words to network inputs without a network: which word, of what shape, among which neighbours.

The features are those that taggers were built on before there were networks (Ratnaparkhi 1996; Tjong Kim Sang &
De Meulder 2003 list what took part in CoNLL-2003).
"""

import functools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.datasets.base import LabelledTokens, Samples
from ptmbench.engine.inputs.batches import AppliedInputs
from ptmbench.engine.inputs.pictures import PADDING, Encoded, Fields
from ptmbench.engine.inputs.texts import padded_places
from ptmbench.engine.seeding import torch_generator

FEATURES: Final = 2_048  # each more takes four bytes of every place a word can have in the longest sentence
WINDOW: Final = 2  # words to either side
SHAPED: Final = 1  # of them with their shapes
AFFIX: Final = 3  # letters at most
SLOTS: Final = 2 * WINDOW + 1 + 2 * SHAPED + 1 + 2 * AFFIX


def shape_of(word: str) -> str:
    """The kinds of a word's signs, each run once: `X` upper case, `x` other letters, `d` digits, else the sign.

    Args:
        word: As the text has it.

    Returns:
        "Xx" of Paris, "d-d" of 3-0, "X.X." of U.S., "" of what stands outside of a sentence.
    """
    kinds = ("X" if sign.isupper() else "x" if sign.isalpha() else "d" if sign.isdigit() else sign for sign in word)
    return "".join(kind for kind, _ in groupby(kinds))


def described(words: Sequence[str]) -> Iterator[list[str]]:
    """What there is to say of each word of a sentence: at most `SLOTS` features, each with the name of its slot."""
    lower = [*[""] * WINDOW, *(word.lower() for word in words), *[""] * WINDOW]
    shapes = [*[""] * SHAPED, *map(shape_of, words), *[""] * SHAPED]
    for place in range(len(words)):
        word = lower[place + WINDOW]
        lengths = range(1, min(AFFIX, len(word)) + 1)
        yield [
            *(f"word{step - WINDOW:+}={lower[place + step]}" for step in range(2 * WINDOW + 1)),
            *(f"shape{step - SHAPED:+}={shapes[place + step]}" for step in range(2 * SHAPED + 1)),
            *(f"begins={word[:length]}" for length in lengths),
            *(f"ends={word[-length:]}" for length in lengths),
        ]


@dataclass(frozen=True, slots=True)
class WordShapePreprocessing:
    """The word and two to either side, three shapes, the first and last one to three letters: each there or not.

    The features are those that the words of the unlabelled training split have, the `features` most frequent of them,
    weighted as in tf-idf: by the log of inverse frequency, each row of norm 1. So the neighbours of a word that
    training has not shown weigh more than those of a known one.
    """

    features: int = FEATURES

    @property
    def shape(self) -> tuple[int, ...]:
        """One word; how many features it has, the data decides."""
        return 1, self.features

    def encode(
        self,
        samples: Samples,
        train: Sequence[int],
        validation: Sequence[int] = (),  # noqa: ARG002  only training words make the vocabulary
    ) -> Encoded:
        """Vectors [n, words, features], made batch by batch."""
        assert isinstance(samples, LabelledTokens)
        sentences = [list(described(words)) for words in samples.sentences]
        known, weights = self._vocabulary([word for index in train for word in sentences[index]])
        places = padded_places([range(len(sentence)) for sentence in sentences])
        slots = torch.full((*places.shape, SLOTS), PADDING)
        for row, sentence in zip(slots, sentences, strict=True):
            for place, word in enumerate(sentence):
                row[place, : len(word)] = torch.tensor([known.get(feature, PADDING) for feature in word])
        inputs = AppliedInputs(slots, functools.partial(spread, weights), (places.shape[1], len(known)))
        return Encoded(inputs, places, fields={"features": len(known)})

    def _vocabulary(self, words: Sequence[Sequence[str]]) -> tuple[Mapping[str, int], Tensor]:
        """The columns of the features that stand most often, equally frequent ones by name, and their weights."""
        counts = Counter(feature for word in words for feature in word)
        ordered = sorted(counts, key=lambda feature: (-counts[feature], feature))[: self.features]
        weights = [math.log((1 + len(words)) / (1 + counts[feature])) + 1 for feature in ordered]
        return {feature: column for column, feature in enumerate(ordered)}, torch.tensor(weights)

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Gaussian noise."""
        return torch.randn(batch_size, *shape, generator=torch_generator("example batch"))

    def fields(self) -> Fields:
        """What was looked at."""
        return {"vectorizer": "tf-idf, words, shapes and affixes in a window", "window": WINDOW}


def spread(weights: Tensor, columns: Tensor) -> Tensor:
    """Vectors of norm 1 with the weights of the columns they name.

    Args:
        weights: [features].
        columns: [..., slots], int64; `PADDING` names none.

    Returns:
        [..., features], float32; zeros where no column is named.
    """
    size = len(weights)
    there = torch.zeros(*columns.shape[:-1], size + 1).scatter_(-1, columns.remainder(size + 1), 1.0)
    return functional.normalize(there[..., :size] * weights, dim=-1)
