"""Transferring a model by training: which learning rate, which seeds, one loop."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from torch import Tensor, nn

from ptmbench.catalog.rate_window import next_rate
from ptmbench.catalog.spec import Case, Recipe
from ptmbench.engine.corruptions.stress import Condition, Stress
from ptmbench.engine.data import Indices
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import Inputs, Order, prepare
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.metrics import Labels
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.transfer.beliefs import SeedResult
from ptmbench.engine.transfer.training import Batch, batch_indices, train
from ptmbench.errors import Diverged
from ptmbench.records.measured import Answers, MeasuredPoint, Missing

Predictions = Any  # labels, boxes or masks: made and read by one and the same work

LOOKS = 4  # at a watched training, the last after its last step
DOUBLINGS = 4  # of the steps at most, where a training goes on to convergence
RISE = 0.01  # a doubling that gains less on validation is the last


@dataclass(frozen=True, slots=True)
class Attempt:
    """A network trained with a recipe, its score on validation, the seconds that took, and the way there."""

    recipe: Recipe
    network: nn.Module
    score: float
    elapsed_s: float
    curve: list[MeasuredPoint]


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

    def seen(self, network: nn.Module, learned: Indices, held: Indices) -> SeedResult:
        """What a network comes to that learned from some examples; its temperature may be fitted to `held` ones."""

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What the seeds' answers for the test split, and their scores on training examples, come to."""


@dataclass(slots=True)
class TrainedRun:
    """One case of a trained method over its seeds.

    `network_of(seed)` is a fresh network for the inputs of `work`. `pooling` is the one trained with, None where the
    model has no choice. `served(network)` is what a trained network answers as, and on which work: itself on `work`, or
    its variant. `converges`: the steps of `recipe` are doubled until validation stops rising. `on_validation`: few-shot
    tasks are tuned on the validation split too. `watched`: the score on the validation split is read `LOOKS` times on
    the way; the clock stands still meanwhile. Under `stress`, `corrupted(condition)` is the work with its test examples
    corrupted. `keeps`: `network` is the trained one of the first seed, for columns that look into it.
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
    converges: bool = False
    on_validation: bool = False
    keeps: bool = False
    network: nn.Module | None = None
    chosen: Recipe | None = None
    tried: dict[float, float] = field(default_factory=dict)
    rising: bool = False
    times_s: list[float] = field(default_factory=list)
    curve: list[MeasuredPoint] = field(default_factory=list)

    def seed(self, seed: int) -> SeedResult:
        """What the network of a seed comes to."""
        network = self._trained(seed, self.chosen) if self.chosen is not None else self._choose(seed)
        if self.keeps and self.network is None:
            self.network = network
        answering, work = self.served(network)
        if self.stress:
            self.stress.put(lambda condition: self._under(answering, condition))
        few = self.case.task.shots is not None and not self.on_validation
        return work.seen(answering, work.scored_training(seed), () if few else work.validation)

    def answers(self, seeds: tuple[int, ...], seen: Sequence[SeedResult]) -> Answers:
        """What all seeds come to, with the way there where it was watched."""
        found = replace(self.work.answers(seeds, seen), curve=tuple(self.curve))
        return self.stress.added_to(found) if self.stress else found

    def _under(self, network: nn.Module, condition: Condition) -> Labels:
        """What the trained network makes of the corrupted test examples."""
        assert self.corrupted is not None
        labels: Labels = self.corrupted(condition).predict(network, self.work.test).labels
        return labels

    def _choose(self, seed: int) -> nn.Module:
        """Trains at the rates of a window that follows the best, and keeps the network that does best on validation.

        Where training converges, the best of them goes on at doubled steps, each time from its start.
        """
        if len(self.rates) == 1 and not self.converges:
            self.chosen = replace(self.recipe, learning_rate=self.rates[0])
            return self._trained(seed, self.chosen)
        best = self._of_all_rates(seed)
        if self.converges:
            best = self._at_convergence(seed, best)
        self.chosen, self.curve = best.recipe, best.curve
        self.times_s.append(best.elapsed_s)
        return best.network

    def _of_all_rates(self, seed: int) -> Attempt:
        """The best over the learning rates, of equals the least; a rate that diverges is the worst there is."""
        best: Attempt | None = None
        while (rate := next_rate(self.rates, self.tried)) is not None:
            try:
                attempt = self._attempt(seed, replace(self.recipe, learning_rate=rate))
            except Diverged:
                self.tried[rate] = -math.inf
                continue
            self.tried[rate] = attempt.score
            if best is None or (-attempt.score, rate) < (-best.score, best.recipe.learning_rate):
                best = attempt
        if best is None:
            rates = ", ".join(f"{rate:g}" for rate in sorted(self.tried))
            raise Diverged(f"the loss was no finite number any more at any learning rate of {rates}")
        return best

    def _at_convergence(self, seed: int, best: Attempt) -> Attempt:
        """The best over doubled steps, up to the first doubling that diverges or does not raise its score by `RISE`."""
        for doubled in range(1, DOUBLINGS + 1):
            self.rising = False
            try:
                attempt = self._attempt(seed, replace(best.recipe, steps=self.recipe.steps * 2**doubled))
            except Diverged:
                break
            rise = attempt.score - best.score
            self.rising = rise >= RISE
            attempt.curve[:0] = best.curve
            best = attempt if rise > 0 else replace(best, curve=attempt.curve)
            if not self.rising:
                break
        return best

    def _attempt(self, seed: int, recipe: Recipe) -> Attempt:
        """One training, scored on validation."""
        self.curve = []
        network = self._trained(seed, recipe)
        held = self.work.validation
        score = self.work.score(self.work.predict(network, held), held)
        curve, self.curve = self.curve, []
        if self.converges and not self.watched:
            curve = [MeasuredPoint(seed, recipe.steps, score)]
        return Attempt(recipe, network, score, self.times_s.pop(), curve)

    def _trained(self, seed: int, recipe: Recipe) -> nn.Module:
        """A network trained on the seed's examples; draw and batch order depend on task and seed alone."""
        drawn = self.work.examples(seed)
        network = self.device.place(self.network_of(seed).trained)
        prepare(self.work.inputs, drawn.tolist())
        generator = torch_generator("batches", self.case.task.draws, seed)
        indices = batch_indices(len(drawn), recipe.batch_size, recipe.steps, generator)
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
