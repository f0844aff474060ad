"""Transferring a model by training: which learning rate, which seeds, one loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from torch import Tensor, nn

from ptmbench.catalog.spec import Case, Recipe
from ptmbench.engine.corruptions.stress import Condition, Stress
from ptmbench.engine.data import Indices
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, Order
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.metrics import Labels
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.training import Batch, batch_indices, train
from ptmbench.records.measured import Answers, MeasuredPoint, Missing

Predictions = Any  # labels, boxes or masks: made and read by one and the same work

LOOKS = 4  # at a watched training, the last after its last step


class Work(Protocol):
    """What a method trains on: a task's examples as batches, their loss, predictions for them and their score."""

    @property
    def inputs(self) -> Inputs:
        """What the network is fed, for all examples."""

    @property
    def validation(self) -> Indices:
        """The examples that choose."""

    @property
    def test(self) -> Indices:
        """The examples that are read once."""

    def examples(self, seed: int) -> Tensor:
        """Indices of the training examples of a seed."""

    def scored_training(self, seed: int) -> Indices:
        """Those of them that a trained network is scored on."""

    def batches(self, order: Order) -> Iterator[Batch]:
        """Inputs and targets of each group of examples in turn, on the device."""

    def loss(self, network: nn.Module, inputs: Any, targets: Any) -> Tensor:
        """What training minimises."""

    def predict(self, network: nn.Module, indices: Indices) -> Predictions:
        """The network's answers for these examples."""

    def score(self, predicted: Predictions, indices: Indices) -> float:
        """The primary metric of answers for these examples."""

    def answers(self, seeds: tuple[int, ...], seen: Sequence[tuple[Predictions, float]]) -> Answers:
        """What the seeds' answers for the test split, and their scores on training examples, come to."""


@dataclass(slots=True)
class TrainedRun:
    """One case of a trained method over its seeds.

    `network_of(seed)` is a fresh network for the inputs of `work`. `pooling` is the one trained with, None where the
    model has no choice. `served(network)` is what a trained network answers as, and on which work: itself on `work`, or
    its variant. `watched`: the score on the validation split is read `LOOKS` times on the way; the clock stands still
    meanwhile. Under `stress`, `corrupted(condition)` is the work with its test examples corrupted.
    """

    case: Case
    work: Work
    device: Device
    recipe: Recipe
    rates: tuple[float, ...]
    network_of: Callable[[int], Trainable]
    pooling: str | None
    feature_time_s: float | Missing
    served: Callable[[nn.Module], tuple[nn.Module, Work]]
    watched: bool = False
    stress: Stress | None = None
    corrupted: Callable[[Condition], Work] | None = None
    chosen: float | None = None
    times_s: list[float] = field(default_factory=list)
    curve: list[MeasuredPoint] = field(default_factory=list)

    def seed(self, seed: int) -> tuple[Predictions, float]:
        """Predictions for the test split and the score on the training examples."""
        network = self._trained(seed, self.chosen) if self.chosen is not None else self._choose(seed)
        drawn = self.work.scored_training(seed)
        answering, work = self.served(network)
        test = work.predict(answering, work.test)
        if self.stress:
            self.stress.put(lambda condition: self._under(answering, condition))
        return test, work.score(work.predict(answering, drawn), drawn)

    def answers(self, seeds: tuple[int, ...], seen: Sequence[tuple[Predictions, float]]) -> Answers:
        """What all seeds come to, with the way there where it was watched."""
        found = replace(self.work.answers(seeds, seen), curve=tuple(self.curve))
        return self.stress.added_to(found) if self.stress else found

    def _under(self, network: nn.Module, condition: Condition) -> Labels:
        """What the trained network makes of the corrupted test examples."""
        assert self.corrupted is not None
        labels: Labels = self.corrupted(condition).predict(network, self.work.test)
        return labels

    def _choose(self, seed: int) -> nn.Module:
        """Trains at every rate and keeps the network that scores best on validation, the first of equals."""
        held = self.work.validation
        tried: list[tuple[float, float, nn.Module, float, list[MeasuredPoint]]] = []
        for rate in self.rates:
            network = self._trained(seed, rate)
            score = self.work.score(self.work.predict(network, held), held) if len(self.rates) > 1 else 0.0
            tried.append((score, rate, network, self.times_s.pop(), self.curve))
            self.curve = []
        _, self.chosen, network, elapsed, self.curve = max(tried, key=lambda entry: entry[0])
        self.times_s.append(elapsed)
        return network

    def _trained(self, seed: int, rate: float) -> nn.Module:
        """A network trained on the seed's examples; draw and batch order depend on task and seed alone."""
        drawn = self.work.examples(seed)
        network = self.device.place(self.network_of(seed).trained)
        generator = torch_generator("batches", self.case.task.draws, seed)
        indices = batch_indices(len(drawn), self.recipe.batch_size, self.recipe.steps, generator)
        order = [drawn[index].tolist() for index in indices]
        paused = 0.0

        def look(step: int) -> None:
            nonlocal paused
            started = self._now()
            held = self.work.validation
            value = self.work.score(self.work.predict(network, held), held)
            self.curve.append(MeasuredPoint(seed, step, value))
            paused += self._now() - started

        started = self._now()
        recipe = replace(self.recipe, learning_rate=rate)
        with seeded_draws("dropout", self.case.task.draws, seed):
            train(
                network,
                self.work.batches(order),
                self.work.loss,
                recipe,
                autocast=self.device.autocast,
                looks={recipe.steps * part // LOOKS for part in range(1, LOOKS + 1)} if self.watched else (),
                look=look,
            )
        self.times_s.append(self._now() - started - paused)
        return network

    def _now(self) -> float:
        """The clock once the device is done with everything asked of it."""
        self.device.synchronise()
        return time.perf_counter()
