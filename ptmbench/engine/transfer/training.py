"""Training: the loop that every method goes through, and the steps that it shares with pre-training."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench import stages
from ptmbench.catalog.spec import Recipe
from ptmbench.engine.foreign_code import first_line
from ptmbench.errors import Diverged

Batch = tuple[Any, Any]  # inputs and targets, in whatever form the loss reads them
Loss = Callable[[nn.Module, Any, Any], Tensor]

CHECK_EVERY = 10  # steps between looks at the loss: reading it each step makes a GPU wait for the CPU


@dataclass(frozen=True, slots=True)
class Training:
    """What one run of the loop left: steps done and the last loss read."""

    steps: int
    loss: float


def make_optimizer(
    recipe: Recipe, parameters: Iterable[nn.Parameter], *, fused: bool | None = None
) -> torch.optim.Optimizer:
    """The recipe's optimiser; `Recipe` says what weight decay means for each.

    `fused` AdamW changes all parameters in one call: a step of a small network takes 4 to 9 % less. It rounds
    otherwise, so that pre-training, which repeats published weights, goes without.
    """
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=fused)


def rate_factor(recipe: Recipe, step: int) -> float:
    """What the learning rate is multiplied with at a step in [0, steps): constant, or half a cosine down to zero."""
    if recipe.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


class BatchOrder:
    """Batches of indices: a new permutation an epoch, its remainder dropped; at most `examples` wide.

    `left` is what the running epoch has not given out yet: with the generator's state it is all that a resumed
    training needs to go on as if it had never stopped.
    """

    def __init__(self, examples: int, batch_size: int, generator: torch.Generator) -> None:
        self.examples = examples
        self.width = min(batch_size, examples)
        self.generator = generator
        self.left = torch.empty(0, dtype=torch.long)

    def draw(self) -> Tensor:
        """The next indices [width]."""
        if len(self.left) < self.width:
            self.left = torch.randperm(self.examples, generator=self.generator)
        drawn, self.left = self.left[: self.width], self.left[self.width :]
        return drawn


def batch_indices(examples: int, batch_size: int, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Index batches for `steps` steps, in a `BatchOrder`."""
    order = BatchOrder(examples, batch_size, generator)
    for _ in range(steps):
        yield order.draw()


def descend(optimizer: torch.optim.Optimizer, loss: Tensor, recipe: Recipe, step: int) -> None:
    """One step, counted from 1, down the gradient of a loss at the recipe's learning rate for that step."""
    for group in optimizer.param_groups:
        group["lr"] = recipe.learning_rate * rate_factor(recipe, step - 1)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def looked_at(step: int, loss: Tensor, steps: int) -> float | None:
    """The loss at every `CHECK_EVERY`th and the last step, else None; raises `Diverged` if it is not finite."""
    if step % CHECK_EVERY and step != steps:
        return None
    seen = float(loss.detach())
    if not math.isfinite(seen):
        raise Diverged(f"the loss became {seen} at step {step} of {steps}")
    return seen


@contextmanager
def _divergence_named(module: nn.Module, step: int, steps: int) -> Iterator[None]:
    """Turns an error into `Diverged` where the network holds numbers that are not finite: some losses refuse those.

    Binary cross-entropy does, on which detectors match boxes. Asked only after an error: a GPU would wait at each step.
    """
    try:
        yield
    except Exception as error:
        tensors = (tensor for tensor in module.state_dict().values() if tensor.is_floating_point())
        if all(bool(torch.isfinite(tensor).all()) for tensor in tensors):
            raise
        raise Diverged(f"the loss could not be computed at step {step} of {steps}: {first_line(error)}") from error


def train(
    module: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    recipe: Recipe,
    *,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
    looks: Collection[int] = (),
    look: Callable[[int], None] | None = None,
) -> Training:
    """Minimises `loss(module, inputs, targets)` over the batches; the module is in train mode during, eval after.

    Raises `Diverged` when the loss or what it is computed from is no longer a finite number. `look(step)` is called in
    eval mode after the steps in `looks`, and may not change the module.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = make_optimizer(recipe, parameters, fused=True)
    module.train()
    step, last = 0, math.nan
    for step, (inputs, targets) in enumerate(batches, start=1):
        stages.HERE.at("training", f"step {step} of {recipe.steps}")
        with autocast(), _divergence_named(module, step, recipe.steps):
            value = loss(module, inputs, targets)
        descend(optimizer, value, recipe, step)
        seen = looked_at(step, value, recipe.steps)
        if seen is not None:
            last = seen
        if look and step in looks:
            module.eval()
            look(step)
            module.train()
    module.eval()
    return Training(steps=step, loss=last)
