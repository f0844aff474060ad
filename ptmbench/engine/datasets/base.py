"""What a data set is to the engine: samples with stable ids. Splits are made from the ids (`ptmbench.splits`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ptmbench.engine.seeding import numpy_generator
from ptmbench.splits import Part


@dataclass(frozen=True, slots=True)
class LabelledImages:
    """Images [n, 3, h, w] (uint8) with labels [n] (int64, indices of `classes`) and one id a sample.

    Two data sets made from the same handwriting give it the same id, so that no hand is in training here and in
    test there.
    """

    ids: tuple[str, ...]
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Texts [n] with labels [n] (int64, indices of `classes`) and one id a sample.

    `parts` names the split of each sample where the set comes with one (its test part holds words that its training
    part does not, say); None leaves the split to the hashes of the ids.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    labels: Tensor
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelledTokens:
    """Sentences [n] of words with a BIO tag a word (Ramshaw & Marcus 1995), one id a sentence; `parts` as above.

    `classes` are the tags, "O" first: the label of a word is the index of its tag.
    """

    ids: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None


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
