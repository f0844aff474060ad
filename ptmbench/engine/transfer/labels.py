"""The work of a task of labels: batches and targets, cross-entropy, the label with the highest logit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ptmbench.catalog.spec import TaskSpec
from ptmbench.engine import tasks
from ptmbench.engine.data import Indices
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, Order
from ptmbench.engine.metrics import Labels
from ptmbench.engine.transfer.features import forward_all
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.engine.transfer.training import Batch
from ptmbench.records.measured import Answers


@dataclass(frozen=True, slots=True)
class LabelWork:
    """One label an example, or one a word; `inputs` are those of the network that is trained."""

    task: TaskSpec
    rows: Rows
    scorer: Scorer
    inputs: Inputs
    device: Device

    @property
    def validation(self) -> Indices:
        """The examples that choose."""
        return self.rows.data.split.validation

    @property
    def test(self) -> Indices:
        """The examples that are read once."""
        return self.rows.data.split.test

    def examples(self, seed: int) -> Tensor:
        """Indices of the training examples of a seed."""
        return self.rows.data.training_examples(self.task.shots, seed)

    def scored_training(self, seed: int) -> Indices:
        """All training examples of the seed."""
        return self.examples(seed).numpy()

    def batches(self, order: Order) -> Iterator[Batch]:
        """Inputs and targets of each group of examples in turn, on the device."""
        targets = self.device.put(self.rows.targets(self.inputs.shape[0]))
        for inputs, chosen in zip(self.inputs.batches(order), order, strict=True):
            rows = targets[torch.as_tensor(chosen, device=targets.device)]
            yield self.device.put(inputs), rows if rows.dim() == 1 else rows[:, : inputs.shape[1]]

    def loss(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy."""
        return tasks.loss(network(inputs), targets)

    def predict(self, network: nn.Module, indices: Indices) -> Labels:
        """The labels of these examples, one after the other."""
        logits = forward_all(network, self.inputs, self.device, list(indices))
        return self.rows.spread(self.rows.pick(logits.argmax(dim=-1).cpu().numpy(), indices), indices)

    def score(self, predicted: Labels, indices: Indices) -> float:
        """The primary metric."""
        return self.scorer.score(predicted, indices)

    def answers(self, seeds: tuple[int, ...], seen: Sequence[tuple[Labels, float]]) -> Answers:
        """What the seeds' predictions for the test split, and their scores on training examples, come to."""
        return self.scorer.answers(seeds, seen)
