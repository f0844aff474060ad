"""What a data set is to the engine: samples with stable ids. Splits are made from the ids (`ptmbench.files.splits`)."""

import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages
from ptmbench.engine.seeding import numpy_generator
from ptmbench.files.pictures import PLAIN, Tones
from ptmbench.files.splits import Part
from ptmbench.files.tagged_text import check_texts, check_tokens


class OneLabel:
    """Samples with one label each."""

    __slots__ = ()
    labels: Tensor

    @property
    def lengths(self) -> Tensor:
        """How many labels each sample has [n]: one."""
        return torch.ones_like(self.labels)


@dataclass(frozen=True, slots=True)
class LabelledImages(OneLabel):
    """Images [n, 3, h, w] (uint8) with labels [n] (int64, indices of `classes`) and one id a sample.

    `parts` names the split of each sample where the set comes with one (its test part holds words that its training
    part does not, say); None leaves the split to the hashes of the ids. `objects` [n, h, w] (bool) are the pixels that
    show what a picture is of, where the set knows them.

    Two data sets made from the same handwriting give it the same id, so that no hand is in training here and in
    test there.
    """

    ids: tuple[str, ...]
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    objects: Tensor | None = None

    def content(self) -> Iterator[bytes]:
        """Pixels and labels, for a digest."""
        yield self.images.numpy().tobytes()
        yield self.labels.numpy().tobytes()

    def contents(self) -> list[bytes]:
        """What tells examples apart: a digest of the pixels of each."""
        return [hashlib.sha256(image.tobytes()).digest() for image in self.images.numpy()]


@dataclass(frozen=True, slots=True)
class LabelledImageFiles(OneLabel):
    """Image files [n] with the sha256 of each one's bytes, labels, classes, ids and parts as above.

    Nothing is decoded before a model asks for it. `left_out` names what was faulty and passed over on request. `change`
    is done to the pixels [h, w, 3] of each file, named by its name, once it is decoded as its `tones` say.
    """

    ids: tuple[str, ...]
    files: tuple[Path, ...]
    digests: tuple[bytes, ...]
    labels: Tensor
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    change: Callable[[NDArray[np.uint8], str], NDArray[np.uint8]] | None = None
    tones: Tones = PLAIN

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the pictures, in words."""
        return self.tones.told()

    def content(self) -> Iterator[bytes]:
        """The files' digests and the labels, for a digest; the same files are other pictures in other tones."""
        yield self.tones.content()
        yield from self.digests
        yield self.labels.numpy().tobytes()

    def contents(self) -> Sequence[bytes]:
        """What tells examples apart: the digest of each file."""
        return self.digests


@dataclass(frozen=True, slots=True)
class LabelledTexts(OneLabel):
    """Texts [n], none blank, with labels [n] (int64, indices of `classes`) and one id a sample; `parts` as above.

    `pairs` [n] are second texts, where what is judged is a pair; empty where it is one text.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Tensor
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_texts(self.ids, self.texts)

    def content(self) -> Iterator[bytes]:
        """Texts and labels, for a digest."""
        yield "\n".join(self.texts).encode()
        if self.pairs:
            yield "\n".join(("", *self.pairs)).encode()
        yield self.labels.numpy().tobytes()

    def contents(self) -> Sequence[Hashable]:
        """What tells examples apart: the text, or both texts of a pair."""
        return [*zip(self.texts, self.pairs, strict=True)] if self.pairs else self.texts


@dataclass(frozen=True, slots=True)
class LabelledTokens:
    """Sentences [n] of words with a BIO tag a word (Ramshaw & Marcus 1995), one id a sentence; `parts` as above.

    `classes` are the tags, "O" first: the label of a word is the index of its tag. Where `plain`, a tag is a label of
    its word (a part of speech) and no part of an entity.
    """

    ids: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    plain: bool = False

    def __post_init__(self) -> None:
        check_tokens(self.ids, self.sentences, self.tags)

    @property
    def labels(self) -> Tensor:
        """The labels of all words, sentence after sentence."""
        place = {tag: index for index, tag in enumerate(self.classes)}
        return torch.tensor([place[tag] for tags in self.tags for tag in tags])

    @property
    def lengths(self) -> Tensor:
        """How many labels each sample has [n]: one a word."""
        return torch.tensor([len(tags) for tags in self.tags])

    def content(self) -> Iterator[bytes]:
        """Words and tags, for a digest."""
        for words, tags in zip(self.sentences, self.tags, strict=True):
            yield "\n".join((*words, "", *tags, "", "")).encode()

    def contents(self) -> Sequence[Hashable]:
        """What tells examples apart: the words of each sentence."""
        return self.sentences


Samples = LabelledImages | LabelledImageFiles | LabelledTexts | LabelledTokens | BoxedImages | MaskedImages
PICTURED = LabelledImageFiles | BoxedImages | MaskedImages  # read from files of pictures, with notes on them
COUNTED_IN_ALL = LabelledTokens | BoxedImages | MaskedImages  # shots are sentences or pictures in all, not a class


def drawn_images(
    name: str, painters: Mapping[str, Callable[[np.random.Generator], np.ndarray]], samples_a_class: int
) -> LabelledImages:
    """A generated set: each class's painter makes pictures [h, w, 3] (uint8), each drawn from its own id."""
    ids, pictures, labels = [], [], []
    for label, (class_name, paint) in enumerate(painters.items()):
        for index in range(samples_a_class):
            ids.append(f"{name}/{class_name}/{index}")
            pictures.append(paint(numpy_generator(ids[-1])))
            labels.append(label)
    return LabelledImages(
        ids=tuple(ids),
        images=torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),
        labels=torch.tensor(labels),
        classes=tuple(painters),
    )
