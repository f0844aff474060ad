"""The work of detection and segmentation: pictures as batches, what a network gives for them, answers in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.catalog.spec import TaskSpec
from ptmbench.engine.data import Indices, TaskData
from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, Order
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.models.dense_network import DenseNetwork
from ptmbench.engine.transfer.beliefs import SeedResult
from ptmbench.engine.transfer.scoring import mean_scores
from ptmbench.engine.transfer.training import Batch
from ptmbench.records.measured import Answers
from ptmbench.records.test_sheets import SHOWN, kept_masks, sheet, shown

AT_ONCE = 16  # pictures that are predicted together
FEW = 100  # training pictures, the first of the draw, that a network is scored on for all of them


@dataclass(frozen=True, slots=True)
class DenseWork(ABC):
    """One data set of pictures for one preprocessing."""

    task: TaskSpec
    data: TaskData
    inputs: Inputs
    letterbox: Letterbox
    device: Device
    title: str

    @property
    def validation(self) -> Indices:
        """The examples that choose."""
        return self.data.split.validation

    @property
    def test(self) -> Indices:
        """The examples that are read once."""
        return self.data.split.test

    def examples(self, seed: int) -> Tensor:
        """Indices of the training examples of a seed."""
        return self.data.training_examples(self.task.shots, seed)

    def scored_training(self, seed: int) -> Indices:
        """At most `FEW` of them, for a score on what was learned from."""
        return self.examples(seed)[:FEW].numpy()

    def batches(self, order: Order) -> Iterator[Batch]:
        """Inputs and targets of each group of pictures in turn, on the device."""
        for inputs, group in zip(self.inputs.batches(order), order, strict=True):
            yield self.device.put(inputs), self.targets(group)

    def loss(self, network: nn.Module, inputs: Tensor, targets: Any) -> Tensor:
        """The network's own."""
        assert isinstance(network, DenseNetwork)
        return network.loss(inputs, targets)

    @abstractmethod
    def targets(self, group: Sequence[int]) -> Any:
        """What is learned of these pictures, on the device."""

    @abstractmethod
    def predict(self, network: nn.Module, indices: Indices) -> Any:
        """The network's answers for these pictures, in their own pixels."""

    @abstractmethod
    def score(self, predicted: Any, indices: Indices) -> float:
        """The primary metric of answers for these pictures."""

    def seen(self, network: nn.Module, learned: Indices, held: Indices) -> SeedResult:  # noqa: ARG002  no temperature
        """What a trained network comes to."""
        test = self.predict(network, self.test)
        return SeedResult(test, self.score(self.predict(network, learned), learned))

    @abstractmethod
    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What the seeds' answers for the test pictures, and their scores on training pictures, come to."""

    def outputs(self, network: nn.Module, indices: Indices) -> Iterator[tuple[int, Any]]:
        """What the network gives for each picture in turn, after the picture's index."""
        chosen = [int(index) for index in indices]
        groups = [chosen[start : start + AT_ONCE] for start in range(0, len(chosen), AT_ONCE)]
        network.eval()
        with torch.inference_mode(), self.device.autocast():
            for batch, group in zip(self.inputs.batches(groups), groups, strict=True):
                yield from zip(group, network(self.device.put(batch)), strict=True)

    def _sheet(self, outcomes: Mapping[str, NDArray[Any]]) -> bytes:
        """The first test pictures with what was made of them."""
        samples = self.data.samples
        assert isinstance(samples, BoxedImages | MaskedImages)
        return sheet_of(samples, [int(index) for index in self.test], outcomes, self.title)

    def gathered(
        self,
        metric: str,
        scores: Sequence[Mapping[str, float]],
        train_values: Sequence[float],
        outcomes: dict[str, NDArray[Any]],
    ) -> Answers:
        """Answers of the seeds from 0 up, whose scores hold the metric; names that not all have are left out."""
        common = [name for name in scores[0] if name != metric and all(name in row for row in scores)]
        return Answers(
            seeds=tuple(range(len(scores))),
            test_ids=tuple(self.data.samples.ids[index] for index in self.test),
            outcomes=outcomes,
            metric=metric,
            higher_is_better=True,
            values=tuple(max(row[metric], 0.0) for row in scores),
            train_values=tuple(train_values),
            pictures=self._sheet({"seeds": np.arange(len(scores)), **outcomes}),
            others=mean_scores([{name: row[name] for name in common} for row in scores]),
        )


def sheet_of(
    samples: BoxedImages | MaskedImages,
    test: Sequence[int],
    outcomes: Mapping[str, NDArray[Any]],
    title: str,
    most: int = SHOWN,
) -> bytes:
    """A PNG of the first test pictures with the outcomes of the first seed, as many as are stored and asked for."""
    stored = kept_masks(outcomes)
    chosen = test[: min(most, len(test) if stored is None else stored)]
    entries = [
        shown(
            outcomes,
            place,
            samples.pictures.pixels(index),
            samples.mask(index) if isinstance(samples, MaskedImages) else None,
        )
        for place, index in enumerate(chosen)
    ]
    return sheet(title, entries, samples.classes)
