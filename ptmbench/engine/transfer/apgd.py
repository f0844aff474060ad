"""APGD-CE: gradient ascent on cross-entropy whose steps shrink by themselves (Croce & Hein 2020, algorithm 1).

"Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
https://arxiv.org/abs/2003.01690; pictures stay within a radius of the clean ones in every pixel, and between 0 and 1.
"""

import itertools
import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

Logits = Callable[[Tensor], Tensor]  # pictures [n, c, h, w] between 0 and 1 to logits [n, classes]

STEPS: Final = 50
MOMENTUM: Final = 0.75
RISING: Final = 0.75  # the share of steps that have to gain for a step size to stay


def apgd(logits: Logits, pictures: Tensor, labels: Tensor, radius: float, generator: torch.Generator) -> Tensor:
    """Pictures [n, c, h, w] within the radius, of each the first that fools the network, else the one of most loss.

    Args:
        logits: The network, differentiable.
        pictures: Clean ones [n, c, h, w], between 0 and 1.
        labels: Their true classes [n].
        radius: How far each value may move.
        generator: Draws where the search begins.
    """
    low, high = (pictures - radius).clamp(min=0), (pictures + radius).clamp(max=1)
    noise = torch.rand(pictures.shape, generator=generator).to(pictures.device)
    now = (pictures + radius * (2 * noise - 1)).clamp(low, high)
    loss, gradient, wrong = _ascent(logits, now, labels)
    given, broken = now, wrong
    size = torch.full_like(loss, 2 * radius)
    best, best_loss, best_gradient = now, loss, gradient
    before, gains = now, torch.zeros_like(loss)
    kept, previous_best = size.clone(), loss
    checks = _checkpoints(STEPS)
    for step in range(1, STEPS + 1):
        ahead = (now + _wide(size) * gradient.sign()).clamp(low, high)
        weight = MOMENTUM if step > 1 else 1.0
        after = (now + weight * (ahead - now) + (1 - weight) * (now - before)).clamp(low, high)
        before, now = now, after
        last_loss = loss
        loss, gradient, wrong = _ascent(logits, now, labels)
        given = torch.where(_wide(wrong & ~broken), now, given)
        broken |= wrong
        gains += loss > last_loss
        better = loss > best_loss
        best, best_gradient = (
            torch.where(_wide(better), new, old) for new, old in ((now, best), (gradient, best_gradient))
        )
        best_loss = torch.maximum(loss, best_loss)
        if step in checks:
            stuck = gains < RISING * checks[step]
            stuck |= (size == kept) & (best_loss <= previous_best)
            kept, previous_best = size.clone(), best_loss
            size = torch.where(stuck, size / 2, size)
            now, before = (torch.where(_wide(stuck), best, old) for old in (now, before))
            gradient, loss = torch.where(_wide(stuck), best_gradient, gradient), torch.where(stuck, best_loss, loss)
            gains = torch.zeros_like(gains)
    return torch.where(_wide(broken), given, best)


def _checkpoints(steps: int) -> dict[int, int]:
    """The steps after which sizes are looked at, with the number of steps since the last one (section 3.1)."""
    shares, gap = [0.0, 0.22], 0.22
    while shares[-1] < 1:
        gap = max(gap - 0.03, 0.06)
        shares.append(shares[-1] + gap)
    marks = [math.ceil(round(share * steps, 6)) for share in shares if share <= 1]  # .57 of 100 is 57
    return {mark: mark - earlier for earlier, mark in itertools.pairwise(marks)}


def _ascent(logits: Logits, pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The cross-entropy of each picture [n], its gradient, and whether the answer is wrong [n]."""
    asked = pictures.detach().requires_grad_()
    with torch.enable_grad():
        answers = logits(asked).float()
        loss = functional.cross_entropy(answers, labels, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), asked)
    return loss.detach(), gradient, answers.argmax(dim=1) != labels


def _wide(values: Tensor) -> Tensor:
    """Values [n] as [n, 1, 1, 1]."""
    return values[:, None, None, None]
