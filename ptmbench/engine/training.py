"""The one training loop: every method and every pre-training objective goes through `train`."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ptmbench.errors import Diverged
from ptmbench.spec import Recipe

Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]

CHECK_EVERY = 10  # steps between looks at the loss: reading it each step makes a GPU wait for the CPU


@dataclass(frozen=True, slots=True)
class Training:
    """What one run of the loop left: steps done and the last loss read."""

    steps: int
    loss: float


def make_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The recipe's optimiser; `Recipe` says what weight decay means for each."""
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)


def rate_factor(recipe: Recipe, step: int) -> float:
    """What the learning rate is multiplied with at a step in [0, steps): constant, or half a cosine down to zero."""
    if recipe.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def batch_indices(examples: int, batch_size: int, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Index batches for `steps` steps: a new permutation an epoch, its remainder dropped; at most `examples` wide."""
    width = min(batch_size, examples)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < width:
            order = torch.randperm(examples, generator=generator)
        yield order[:width]
        order = order[width:]


def train(
    module: nn.Module,
    batches: Iterable[Batch],
    loss: Loss,
    recipe: Recipe,
    *,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
    on_step: Callable[[int, float], None] | None = None,
) -> Training:
    """Minimises `loss(module(inputs), targets)` over the batches; the module is in train mode during, eval after.

    Raises `Diverged` when the loss is no longer a finite number. `on_step(step, loss)` is called at each look.
    """
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = make_optimizer(recipe, parameters)
    module.train()
    step, seen = 0, math.nan
    for step, (inputs, targets) in enumerate(batches, start=1):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate_factor(recipe, step - 1)
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            value = loss(module(inputs), targets)
        value.backward()
        optimizer.step()
        if step % CHECK_EVERY == 0 or step == recipe.steps:
            seen = float(value.detach())
            if not math.isfinite(seen):
                raise Diverged(f"the loss became {seen} at step {step} of {recipe.steps}")
            if on_step:
                on_step(step, seen)
    module.eval()
    return Training(steps=step, loss=seen)
