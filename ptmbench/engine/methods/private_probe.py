"""Differentially private linear probe: gradients of single examples are clipped, and noise is added to their sum.

DP-SGD (Abadi et al. 2016, https://arxiv.org/abs/1607.00133) over all examples at every step. All steps together are
one Gaussian mechanism then, whose delta at an epsilon is known in closed form (Balle & Wang 2018, theorem 8,
https://arxiv.org/abs/1805.06530); neighbours differ by one example that is there or not. Nothing is learned from the
examples without noise: features are brought to unit length each by itself, and all classes have weights; how many
examples there are is public. What is given is the mean over the later half of the steps, which costs no privacy.

The promise is that of the mechanism, for one fit, whose noise nobody else knows. Here noise is drawn from a seed, so
that a benchmark repeats: whoever knows seed and examples can take it away. The choice of the rate is not accounted for.
"""

import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.optimize import brentq
from scipy.special import log_ndtr, softmax
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, Probabilities
from ptmbench.engine.metrics import Labels
from ptmbench.engine.seeding import torch_generator

EPSILON: Final = 3.0
STEPS: Final = 60
CLIP: Final = 1.0  # the length of an example's gradient at most
MOST_NOISE: Final = 1e6


def delta_for(examples: int) -> float:
    """The delta of a fit: a tenth of what would leave one example of all to chance."""
    return 0.1 / examples


@functools.cache
def noise_for(epsilon: float, delta: float, steps: int = STEPS) -> float:
    """The noise at each step, in units of `CLIP`, with which all steps are (epsilon, delta)-differentially private."""

    def excess(noise: float) -> float:
        return delta_of(epsilon, noise / math.sqrt(steps)) - delta

    return float(brentq(excess, 1e-2, MOST_NOISE, xtol=1e-6))


def delta_of(epsilon: float, noise: float) -> float:
    """The delta of one Gaussian mechanism of sensitivity 1 at an epsilon (Balle & Wang 2018, theorem 8)."""
    half, slope = 0.5 / noise, epsilon * noise
    return float(np.exp(log_ndtr(half - slope)) - np.exp(epsilon + log_ndtr(-half - slope)))


def facts(examples: int) -> dict[str, float]:
    """What a fit to so many examples guarantees."""
    delta = delta_for(examples)
    return {"epsilon": EPSILON, "delta": delta, "noise_multiplier": noise_for(EPSILON, delta)}


def fit(features: Features, labels: Labels, rate: float, context: FitContext) -> Predictor:
    """Fits on features [n, d]; `rate` is the learning rate."""
    return fit_all(features, labels, [rate], context)[0]


def fit_all(features: Features, labels: Labels, rates: Sequence[float], context: FitContext) -> Sequence[Predictor]:
    """Fits at all rates side by side, each with noise of its own from the context's seed."""
    with torch.inference_mode():
        rows = _unit(torch.from_numpy(features)).to(context.device)
        targets = functional.one_hot(torch.from_numpy(labels), len(context.classes)).float().to(context.device)
        weights = _descended(rows, targets, rates, context)
    return [PrivatePredictor(each.cpu().numpy()) for each in weights]


@dataclass(frozen=True, eq=False, slots=True)
class PrivatePredictor:
    """A fitted classifier: weights [classes, d + 1] on features of unit length, the last of them biases."""

    weights: Features

    def __call__(self, unseen: Features) -> Probabilities:
        """Probabilities [m, classes] of features [m, d]."""
        scores = _unit(torch.from_numpy(unseen)).numpy() @ self.weights.T
        found: Probabilities = softmax(scores.astype(np.float64), axis=1)
        return found


def _unit(features: Tensor) -> Tensor:
    """Each row [d] centred, brought to unit length and given a one: [n, d + 1] of length 1, whatever the others are."""
    flat = features.reshape(len(features), -1).float()
    rows = functional.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)
    return torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1) / math.sqrt(2)


def _descended(rows: Tensor, targets: Tensor, rates: Sequence[float], context: FitContext) -> Tensor:
    """Weights [rates, classes, d + 1], the mean over the later half of all steps."""
    examples, classes = targets.shape
    noise = CLIP * noise_for(EPSILON, delta_for(examples))
    held = hashlib.sha256(rows.cpu().numpy().tobytes() + targets.cpu().numpy().tobytes()).hexdigest()
    generators = [torch_generator("private probe", context.seed, held, f"{rate:g}") for rate in rates]
    step_of = torch.tensor(rates, device=rows.device)[:, None, None] / examples
    weights = torch.zeros(len(rates), classes, rows.shape[1], device=rows.device)
    mean = torch.zeros_like(weights)
    lengths = rows.norm(dim=1)[:, None]
    for step in range(STEPS):
        residuals = (rows @ weights.transpose(1, 2)).softmax(dim=2) - targets  # [rates, n, classes]
        residuals *= (CLIP / (residuals.norm(dim=2, keepdim=True) * lengths)).clamp(max=1.0)
        drawn = torch.stack([torch.randn(weights.shape[1:], generator=generator) for generator in generators])
        gradient = residuals.transpose(1, 2) @ rows + noise * drawn.to(rows.device)
        weights = weights - step_of * gradient
        if 2 * step >= STEPS:
            mean += weights / (STEPS - STEPS // 2)
    return mean


def trainable_parameters(feature_size: int, classes: int) -> int:
    """Weights and biases of the classifier."""
    return (feature_size + 1) * classes
