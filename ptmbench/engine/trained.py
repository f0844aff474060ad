"""Carrying a model over by training: which learning rate, which seeds, one loop."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.engine import tasks
from ptmbench.engine.device import Device
from ptmbench.engine.features import forward_all
from ptmbench.engine.inputs import Inputs
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.rows import Rows
from ptmbench.engine.scoring import Scorer
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.engine.training import Batch, batch_indices, train
from ptmbench.result import Missing
from ptmbench.spec import Case, Recipe


@dataclass(slots=True)
class TrainedRun:
    """One case of a trained method over its seeds.

    `network_of(seed)` is a fresh network with `inputs` for it: pictures or token ids, or what a frozen trunk makes of
    them. `pooling` is the one trained with, None where the model has no choice.
    """

    case: Case
    rows: Rows
    scorer: Scorer
    device: Device
    recipe: Recipe
    rates: tuple[float, ...]
    network_of: Callable[[int], Trainable]
    inputs: Inputs
    pooling: str | None
    feature_time_s: float | Missing
    chosen: float | None = None
    times_s: list[float] = field(default_factory=list)

    def seed(self, seed: int) -> tuple[NDArray[np.int64], float]:
        """Predictions for the test split and the score on the training examples."""
        network = self._trained(seed, self.chosen) if self.chosen is not None else self._choose(seed)
        drawn = self.rows.data.training_examples(self.case.task.shots, seed)
        test = self._predict(network, torch.tensor(self.rows.data.split.test))
        return test, self.scorer.score(self._predict(network, drawn), drawn.numpy())

    def _choose(self, seed: int) -> nn.Module:
        """Trains at every rate and keeps the network that scores best on validation, the first of equals."""
        held = torch.tensor(self.rows.data.split.validation)
        tried: list[tuple[float, float, nn.Module, float]] = []
        for rate in self.rates:
            network = self._trained(seed, rate)
            score = self.scorer.score(self._predict(network, held), held.numpy()) if len(self.rates) > 1 else 0.0
            tried.append((score, rate, network, self.times_s.pop()))
        _, self.chosen, network, elapsed = max(tried, key=lambda entry: entry[0])
        self.times_s.append(elapsed)
        return network

    def _trained(self, seed: int, rate: float) -> nn.Module:
        """A network trained on the seed's examples; draw and batch order depend on task and seed alone."""
        drawn = self.rows.data.training_examples(self.case.task.shots, seed)
        network = self.device.place(self.network_of(seed).trained)
        targets = self.device.put(self.rows.targets(self.inputs.shape[0]))
        generator = torch_generator("batches", self.case.task.name, seed)

        def batches() -> Iterator[Batch]:
            indices = batch_indices(len(drawn), self.recipe.batch_size, self.recipe.steps, generator)
            order = [drawn[index].tolist() for index in indices]
            for inputs, chosen in zip(self.inputs.batches(order), order, strict=True):
                yield self.device.put(inputs), targets[torch.as_tensor(chosen, device=targets.device)]

        self.device.synchronise()
        started = time.perf_counter()
        recipe = replace(self.recipe, learning_rate=rate)
        with seeded_draws("dropout", self.case.task.name, seed):
            train(network, batches(), tasks.loss, recipe, autocast=self.device.autocast)
        self.device.synchronise()
        self.times_s.append(time.perf_counter() - started)
        return network

    def _predict(self, network: nn.Module, indices: Tensor) -> NDArray[np.int64]:
        logits = forward_all(network, self.inputs, self.device, indices.tolist())
        chosen = indices.numpy()
        return self.rows.spread(self.rows.pick(logits.argmax(dim=-1).cpu().numpy(), chosen), chosen)
