"""The work of a task of labels: batches and targets, cross-entropy, the label with the highest logit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from ptmbench.catalog.spec import TaskSpec
from ptmbench.engine import tasks
from ptmbench.engine.data import Indices
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.augmentation import unchanged
from ptmbench.engine.inputs.batches import Inputs, Order, places_of
from ptmbench.engine.transfer.beliefs import Answered, SeedResult, kept
from ptmbench.engine.transfer.features import forward_all
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.scoring import Scorer
from ptmbench.engine.transfer.training import Batch
from ptmbench.records.measured import Answers
from ptmbench.statistics.calibration import temperature_of


@dataclass(frozen=True, slots=True)
class LabelWork:
    """One label an example, or one a word; `inputs` are those of the network that is trained.

    `change` is made to batches that are trained on, and to no others.
    """

    task: TaskSpec
    rows: Rows
    scorer: Scorer
    inputs: Inputs
    device: Device
    change: Callable[[Tensor], Tensor] = unchanged

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
        for inputs, places in zip(self.inputs.batches(order), places_of(order, targets.device), strict=True):
            rows = targets[places]
            yield self.change(self.device.put(inputs)), rows if rows.dim() == 1 else rows[:, : inputs.shape[1]]

    def loss(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy."""
        return tasks.loss(network(inputs), targets)

    def predict(self, network: nn.Module, indices: Indices) -> Answered:
        """The labels of these examples, one after the other, and how sure the network is of them."""
        logits = forward_all(network, self.inputs, self.device, list(indices))
        labels = self.rows.spread(self.rows.pick(logits.argmax(dim=-1).cpu().numpy(), indices), indices)
        logs = self.rows.pick(logits.float().log_softmax(dim=-1).cpu().numpy(), indices)
        return Answered(labels, logs)

    def score(self, predicted: Answered, indices: Indices) -> float:
        """The primary metric."""
        return self.scorer.score(predicted.labels, indices)

    def seen(self, network: nn.Module, learned: Indices, held: Indices) -> SeedResult:
        """What a trained network comes to; `held` are examples that its temperature may be fitted to."""
        test, known = self.predict(network, self.test), self.predict(network, learned)
        temperature = temperature_of(self.predict(network, held).logs, self.rows.labels(held)) if len(held) else None
        beliefs = kept(self.rows, test, (known, learned), temperature)
        return SeedResult(test.labels, self.score(known, learned), beliefs)

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What the seeds' answers for the test split, and their scores on training examples, come to."""
        return self.scorer.answers(seeds, seen)
