"""From network outputs to labels: one row an example, or one a word."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptmbench.engine.data import Indices, TaskData
from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.engine.inputs.pictures import Encoded
from ptmbench.engine.metrics import Labels

IGNORED = -100  # the target that cross-entropy leaves out
Entry = TypeVar("Entry", np.int64, np.float32, np.float16)


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """Which places of a model's outputs carry a label of the task."""

    data: TaskData
    positions: NDArray[np.int64] | None

    @classmethod
    def of(cls, data: TaskData, encoded: Encoded) -> "Rows":
        """The rows of data as a checkpoint's preprocessing encoded it."""
        return cls(data, encoded.positions)

    def pick(self, outputs: NDArray[Entry], indices: Indices) -> NDArray[Entry]:
        """Those outputs of these examples ([m, ...], or [m, length, ...] with labels a word) that carry a label."""
        if self.positions is None:
            return outputs
        places = self.positions[list(indices)]
        example, word = np.nonzero(places >= 0)
        return outputs[example, places[example, word]]

    def labels(self, indices: Indices) -> Labels:
        """The labels of the rows that `pick` gives for these examples."""
        truth = self.data.truth(indices)
        return truth if self.positions is None else truth[self._seen(indices)]

    def spread(self, predicted: Labels, indices: Indices) -> Labels:
        """Predictions of rows as predictions for all labels: 0 ("O") for the words that were cut off.

        Where words have plain labels, those have none (-1), which is never right.
        """
        plain = isinstance(self.data.samples, LabelledTokens) and self.data.samples.plain
        return self.filled(predicted, indices, np.int64(-1 if plain else 0))

    def filled(self, values: NDArray[Entry], indices: Indices, cut_off: Entry) -> NDArray[Entry]:
        """Values of rows as values for all labels of these examples, `cut_off` for the words that were cut off."""
        if self.positions is None:
            return values
        seen = self._seen(indices)
        found = np.full(len(seen), cut_off, dtype=values.dtype)
        found[seen] = values
        return found

    def targets(self, length: int) -> Tensor:
        """What a network is trained on: labels [n], or [n, length] with `IGNORED` where there is none."""
        if self.positions is None:
            return torch.from_numpy(self.data.labels)
        targets = np.full((len(self.positions), length), IGNORED, dtype=np.int64)
        example, word = np.nonzero(self.positions >= 0)
        targets[example, self.positions[example, word]] = self.labels(range(len(self.positions)))
        return torch.from_numpy(targets)

    def _seen(self, indices: Indices) -> NDArray[np.bool_]:
        """For each word of these examples in turn, whether the model saw it."""
        assert self.positions is not None
        return np.concatenate([self.positions[i, : self.data.lengths[i]] >= 0 for i in indices])
