"""The work of object detection: boxes as targets, boxes found, mAP."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ptmbench.engine.data import Indices
from ptmbench.engine.datasets.annotated import BoxedImages
from ptmbench.engine.tasks import object_detection
from ptmbench.engine.transfer.beliefs import SeedResult
from ptmbench.engine.transfer.dense_work import DenseWork
from ptmbench.records.measured import Answers
from ptmbench.statistics.average_precision import Boxes


class BoxesWork(DenseWork):
    """Object detection; boxes are found in the pixels of each picture."""

    __slots__ = ()

    @property
    def samples(self) -> BoxedImages:
        """The pictures with their boxes."""
        assert isinstance(self.data.samples, BoxedImages)
        return self.data.samples

    def targets(self, group: Sequence[int]) -> list[dict[str, Tensor]]:
        """Boxes in the pixels of the input and their labels; ignored ones are not learned."""
        samples, rows = self.samples, []
        for index in group:
            learned = ~samples.ignored[index]
            boxes = self.letterbox.boxes(samples.boxes[index][learned], samples.pictures.sizes[index])
            labels = torch.from_numpy(samples.box_labels[index][learned])
            rows.append({"boxes": self.device.put(boxes), "labels": self.device.put(labels)})
        return rows

    def predict(self, network: nn.Module, indices: Indices) -> Boxes:
        """The boxes found in these pictures, which are numbered from 0 in this order."""
        rows = [
            (
                self.letterbox.boxes_back(found["boxes"].float(), self.samples.pictures.sizes[index]),
                found["labels"].cpu().numpy(),
                found["scores"].float().cpu().numpy().astype(np.float64),
            )
            for index, found in self.outputs(network, indices)
        ]
        counts = [len(labels) for _, labels, _ in rows]
        return Boxes(
            pictures=len(rows),
            picture=np.repeat(np.arange(len(rows)), counts),
            box=np.concatenate([np.empty((0, 4)), *(boxes for boxes, _, _ in rows)]),
            label=np.concatenate([np.empty(0, dtype=np.int64), *(labels for _, labels, _ in rows)]),
            score=np.concatenate([np.empty(0), *(scores for _, _, scores in rows)]),
            ignored=np.zeros(sum(counts), dtype=bool),
        )

    def scores(self, predicted: Boxes, indices: Indices) -> dict[str, float]:
        """All metrics of boxes found in these pictures."""
        return object_detection.scores(predicted, self.samples.truth(np.asarray(indices)), self.samples.classes)

    def score(self, predicted: Boxes, indices: Indices) -> float:
        """mAP@[.5:.95]; 0 where there is nothing to be found."""
        return max(self.scores(predicted, indices)[object_detection.METRIC], 0.0)

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What the seeds found in the test pictures comes to."""
        found: list[Boxes] = [seed.test for seed in seen]
        truth, classes = self.samples.truth(np.asarray(self.test)), len(self.samples.classes)
        outcomes = {
            "classes": np.asarray(classes),
            "found_seed": np.repeat(np.asarray(seeds), [len(boxes.label) for boxes in found]),
            "found_picture": np.concatenate([boxes.picture for boxes in found]),
            "found_box": np.concatenate([boxes.box for boxes in found]).astype(np.float32),
            "found_label": np.concatenate([boxes.label for boxes in found]),
            "found_score": np.concatenate([boxes.score for boxes in found]).astype(np.float32),
            "true_picture": truth.picture,
            "true_box": truth.box.astype(np.float32),
            "true_label": truth.label,
            "true_ignored": truth.ignored,
        }
        return self.gathered(
            object_detection.METRIC,
            [self.scores(predicted, self.test) for predicted in found],
            [seed.train_value for seed in seen],
            outcomes,
        )
