"""The work of semantic segmentation: masks as targets, a class for every pixel, mIoU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.engine.data import Indices
from ptmbench.engine.datasets.annotated import MaskedImages
from ptmbench.engine.tasks import semantic_segmentation
from ptmbench.engine.tasks.semantic_segmentation import Counts
from ptmbench.engine.transfer.beliefs import SeedResult
from ptmbench.engine.transfer.dense_work import DenseWork
from ptmbench.records.measured import Answers
from ptmbench.statistics.calibration import ENTROPY

SHOWN = 12  # pictures whose predicted masks are kept to be looked at; the confusions are kept of all


@dataclass(frozen=True, eq=False, slots=True)
class Segmented:
    """Confusions [n, classes, classes] of n pictures, the predicted masks of the first `SHOWN`, and `entropies` [n].

    The entropy of a picture is the mean over its pixels of that of the classes' probabilities, in nats.
    """

    confusions: Counts
    masks: tuple[NDArray[np.uint8], ...]
    entropies: NDArray[np.float16]


def mean_entropy(scores: Tensor) -> float:
    """The mean over all places of the entropy of the classes there, in nats, of scores [classes, h, w]."""
    logs = scores.float().log_softmax(dim=0)
    return float(-(logs.exp() * logs).sum(dim=0).mean())


class MasksWork(DenseWork):
    """Semantic segmentation; classes are predicted for the pixels of each picture."""

    __slots__ = ()

    @property
    def samples(self) -> MaskedImages:
        """The pictures with their masks."""
        assert isinstance(self.data.samples, MaskedImages)
        return self.data.samples

    def targets(self, group: Sequence[int]) -> Tensor:
        """Masks [n, side, side] in the pixels of the input."""
        masks = torch.stack([self.letterbox.mask(self.samples.mask(index)) for index in group])
        return self.device.put(masks)

    def predict(self, network: nn.Module, indices: Indices) -> Segmented:
        """The best class of every pixel of these pictures, held against the truth."""
        confusions: list[Counts] = []
        masks: list[NDArray[np.uint8]] = []
        entropies: list[float] = []
        classes = len(self.samples.classes)
        for index, scores in self.outputs(network, indices):
            size = self.samples.pictures.sizes[index]
            predicted = self.letterbox.mask_back(scores, size)
            entropies.append(mean_entropy(self.letterbox.inner_scores(scores, size)))
            confusions.append(semantic_segmentation.confusion(predicted, self.samples.mask(index), classes))
            if len(masks) < SHOWN:
                masks.append(predicted)
        return Segmented(np.stack(confusions), tuple(masks), np.array(entropies, dtype=np.float16))

    def score(self, predicted: Segmented, indices: Indices) -> float:  # noqa: ARG002  held against the truth already
        """MIoU."""
        return semantic_segmentation.scores(predicted.confusions, self.samples.classes)[semantic_segmentation.METRIC]

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:  # noqa: ARG002  parts are of all seeds
        """What the seeds' masks of the test pictures come to."""
        found: list[Segmented] = [seed.test for seed in seen]
        parts = np.stack([semantic_segmentation.parts(predicted.confusions) for predicted in found])
        shown = found[0].masks
        outcomes = {
            "parts": parts,
            "mask_sizes": np.array([mask.shape for mask in shown]),
            "masks": np.concatenate([mask.ravel() for mask in shown]),
            ENTROPY: np.stack([predicted.entropies for predicted in found]),
        }
        return self.gathered(
            semantic_segmentation.METRIC,
            [semantic_segmentation.scores(predicted.confusions, self.samples.classes) for predicted in found],
            [seed.train_value for seed in seen],
            outcomes,
        )
