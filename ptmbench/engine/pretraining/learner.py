"""What a pre-training objective is to the loop: networks, optimisers, a source of randomness, and one step.

Each objective has a module of its own: its loss as a pure function, and the `Learner` that takes steps with it. The
whole state of a learner can be put aside and taken up again, so that a stopped pre-training goes on to the same bits.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.engine.foreign_loads import pickled
from ptmbench.engine.transfer.training import BatchOrder, looked_at

KEEP_EVERY = 200  # steps between copies of the state on disk
OnStep = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished pre-training ships.

    `files` holds the content of each file by its path in the zoo, `parameters` those of the backbone, `held_out` the
    figures on held-out examples of the source; `samples`, if there are any, are pictures [n, 3, h, w] (uint8), and
    `samples_show` says what is to be seen on them.
    """

    files: Mapping[str, bytes]
    parameters: int
    held_out: dict[str, float]
    held_out_examples: int
    samples: Tensor | None = None
    samples_show: str | None = None


def packed(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors by name as the content of a safetensors file."""
    return save({name: tensor.contiguous() for name, tensor in tensors.items()})


class Learner(ABC):
    """A pre-training under way. `modules` are all networks, `order` draws the batches, `generator` everything else."""

    def __init__(
        self,
        spec: PretrainingSpec,
        modules: nn.Module,
        optimizers: tuple[torch.optim.Optimizer, ...],
        order: BatchOrder,
    ) -> None:
        self.spec = spec
        self.modules = modules
        self.optimizers = optimizers
        self.order = order
        self.generator = order.generator

    @abstractmethod
    def take_step(self, step: int) -> Tensor:
        """Draws a batch, updates the networks and returns the loss (a scalar); steps count from 1."""

    @abstractmethod
    def outcome(self) -> Outcome:
        """Measures the networks on held-out examples and packs what is shipped."""

    def state(self) -> dict[str, Any]:
        """Everything the next step depends on."""
        return {
            "modules": self.modules.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "generator": self.generator.get_state(),
            "left": self.order.left,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes up a state that an equal learner put aside."""
        self.modules.load_state_dict(state["modules"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.generator.set_state(state["generator"])
        self.order.left = state["left"]


def run(learner: Learner, partial: Path | None = None, on_step: OnStep | None = None) -> float:
    """Takes all steps of the learner's recipe; returns the seconds they took, those before an interruption included.

    The state is put aside in the file `partial` every `KEEP_EVERY` steps and taken up from there.
    """
    steps = learner.spec.recipe.steps
    done, before = _take_up(learner, partial)
    started = time.perf_counter()
    learner.modules.train()
    for step in range(done + 1, steps + 1):
        seen = looked_at(step, learner.take_step(step), steps)
        if seen is not None and on_step:
            on_step(step, seen)
        if partial and step % KEEP_EVERY == 0:
            _put_aside(learner, partial, step, before + time.perf_counter() - started)
    learner.modules.eval()
    return before + time.perf_counter() - started


def _put_aside(learner: Learner, partial: Path, step: int, seconds: float) -> None:
    partial.parent.mkdir(parents=True, exist_ok=True)
    fresh = partial.with_name(partial.name + ".new")
    kept = {"spec": repr(learner.spec), "step": step, "seconds": seconds, "state": learner.state()}
    torch.save(kept, fresh)
    fresh.replace(partial)  # in one move: a kill leaves the older copy whole


def _take_up(learner: Learner, partial: Path | None) -> tuple[int, float]:
    """Steps done and seconds spent in an earlier process; a copy of another recipe is not taken up."""
    if partial is None or not partial.exists():
        return 0, 0.0
    kept: Any = pickled(partial)
    if kept["spec"] != repr(learner.spec):
        return 0, 0.0
    learner.restore(kept["state"])
    return int(kept["step"]), float(kept["seconds"])
