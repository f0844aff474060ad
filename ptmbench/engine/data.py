"""The data of a task, loaded once: samples, split, digest, and network inputs for a preprocessing."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ptmbench.engine.backbone import Preprocessing
from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.metrics import Labels
from ptmbench.engine.providers import DATASETS
from ptmbench.errors import UnknownName
from ptmbench.splits import Split, draw, split_by_hash


def digest_of(samples: LabelledImages, split: Split) -> str:
    """sha256 over ids, labels, pixels and the parts they fall in."""
    digest = hashlib.sha256("\n".join(samples.ids).encode())
    digest.update(samples.images.numpy().tobytes())
    digest.update(samples.labels.numpy().tobytes())
    for part in (split.train, split.validation, split.test):
        digest.update(np.asarray(part, dtype=np.int64).tobytes() + b"|")
    return digest.hexdigest()


@dataclass(slots=True)
class TaskData:
    """One data set with its split; `inputs` are kept for the last preprocessing asked for."""

    samples: LabelledImages
    split: Split
    sha256: str
    labels: Labels
    _inputs: tuple[Preprocessing, Tensor] | None = field(default=None, repr=False)

    def inputs(self, preprocessing: Preprocessing) -> Tensor:
        """All samples [n, 3, side, side] (float32, CPU) as the checkpoint wants them."""
        if self._inputs is None or self._inputs[0] != preprocessing:
            self._inputs = preprocessing, preprocessing.apply(self.samples.images)
        return self._inputs[1]

    def training_examples(self, shots: int | None, seed: int) -> Tensor:
        """Indices of the labelled examples that a seed may see."""
        return torch.tensor(draw(self.samples.ids, self.labels.tolist(), self.split.train, shots, seed))


def load(name: str) -> TaskData:
    """Loads a data set and splits it."""
    if name not in DATASETS:
        raise UnknownName("data set", name, DATASETS)
    samples = DATASETS[name]()
    split = split_by_hash(samples.ids)
    return TaskData(samples, split, digest_of(samples, split), samples.labels.numpy())
