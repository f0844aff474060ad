"""From text to network inputs without a network: tf-idf over words and pairs of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor

from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens, Samples
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.inputs.pictures import Encoded, Fields
from ptmbench.engine.inputs.spans import coordinates
from ptmbench.engine.inputs.texts import padded_places
from ptmbench.engine.seeding import torch_generator
from ptmbench.errors import CaseFailure

FEATURES: Final = 2_048  # the most frequent ones, where not all can be taken
MOST_TEXTS: Final = 10_000  # to learn from with every feature: their inner products fill 0.8 GB, and as much again


@dataclass(frozen=True, slots=True)
class TfidfPreprocessing:
    """tf-idf (Sparck Jones 1972): 1 + log of counts, times log of inverse document frequency, each row of norm 1.

    Vocabulary and frequencies come from the unlabelled training split. A text is the counts of all its words and pairs
    of words. Where these are more than the texts to learn from, their coordinates among those stand for them (`spans`),
    which changes nothing of what is learned; with more than `texts` of these only the `features` most frequent words
    and pairs are counted. For labels a word, a word is itself, its neighbours and its first and last letters, of these
    too the `features` most frequent. Of norm 1 the penalties that matter stand in the middle of the probe's grid.
    """

    features: int = FEATURES
    texts: int = MOST_TEXTS

    @property
    def shape(self) -> tuple[int, ...]:
        """One vector; how long it is, the data decides."""
        return (self.features,)

    def encode(self, samples: Samples, train: Sequence[int], validation: Sequence[int] = ()) -> Encoded:
        """Vectors [n, features] or [n, coordinates]; for labels a word [n, words, features]."""
        if isinstance(samples, LabelledTokens):
            return self._encode_words(samples, train)
        assert isinstance(samples, LabelledTexts)
        known = [*train, *validation]
        most = None if len(known) <= self.texts else self.features
        pairs = samples.pairs or ("",) * len(samples.texts)
        texts = [f"{text} {second}" if second else text for text, second in zip(samples.texts, pairs, strict=True)]
        vectorizer = TfidfVectorizer(max_features=most, ngram_range=(1, 2), sublinear_tf=True)
        _fitted(vectorizer, [texts[index] for index in train])
        vectors = vectorizer.transform(texts)
        width = vectors.shape[1]
        short = width > len(known) and most is None
        inputs = coordinates(vectors, known) if short else _dense(vectors)
        return Encoded(TensorInputs(inputs), fields={"features": width}, width=width)

    def _encode_words(self, samples: LabelledTokens, train: Sequence[int]) -> Encoded:
        documents = [contexts(sentence) for sentence in samples.sentences]
        vectorizer = TfidfVectorizer(max_features=self.features, analyzer=str.split, sublinear_tf=True)
        _fitted(vectorizer, [word for index in train for word in documents[index]])
        vectors = vectorizer.transform([word for sentence in documents for word in sentence])
        places = padded_places([range(len(sentence)) for sentence in documents])
        inputs = torch.zeros(*places.shape, vectors.shape[1])
        inputs[torch.from_numpy(places >= 0)] = _dense(vectors)
        return Encoded(TensorInputs(inputs), places, fields={"features": vectors.shape[1]})

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Gaussian noise."""
        return torch.randn(batch_size, *shape, generator=torch_generator("example batch"))

    def fields(self) -> Fields:
        """What was counted."""
        return {"vectorizer": "tf-idf, sublinear, words and pairs of words"}


def _dense(vectors: csr_matrix) -> Tensor:
    return torch.from_numpy(vectors.toarray().astype(np.float32))


def _fitted(vectorizer: TfidfVectorizer, texts: Sequence[str]) -> None:
    """Learns the vocabulary; raises `CaseFailure` where there is none."""
    try:
        vectorizer.fit(texts)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        raise CaseFailure(
            f"the {len(texts):,} training texts hold no word of two letters or digits: tf-idf has nothing to count; "
            "take a model that reads signs, or texts with words"
        ) from None


def contexts(words: Sequence[str]) -> list[str]:
    """Each word as a document: itself, its neighbours, and its first and last three letters."""
    around = ["", *words, ""]
    return [
        f"word={word} before={around[place]} after={around[place + 2]} head={word[:3]} tail={word[-3:]}"
        for place, word in enumerate(words)
    ]
