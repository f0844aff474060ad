"""Linear probe: multinomial logistic regression on frozen, standardised features (Alain & Bengio 2017)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.special import softmax
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ptmbench.engine.methods import logistic
from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, Probabilities, over_all, scaler_of
from ptmbench.engine.metrics import Labels

UNSEEN: Final = 30.0  # in logits, below the least class: a probability of 1e-13


def fit(features: Features, labels: Labels, strength: float, context: FitContext) -> Predictor:
    """Fits on features [n, d]; `strength` is C, the inverse of the L2 penalty."""
    return fit_all(features, labels, [strength], context)[0]


def fit_all(features: Features, labels: Labels, strengths: Sequence[float], context: FitContext) -> Sequence[Predictor]:
    """Fits all strengths in one program, each to its optimum."""
    scaler = scaler_of(features, context)
    present, places = np.unique(labels, return_inverse=True)  # a class without an example has no finite bias
    if len(present) == 1:
        return [lambda unseen: over_all(np.ones((len(unseen), 1)), present, context)] * len(strengths)
    with torch.inference_mode():
        scaled = torch.from_numpy(np.ascontiguousarray(scaler.transform(features), dtype=np.float32))
        found = logistic.fit(
            scaled.to(context.device), torch.from_numpy(places).to(context.device), strengths, context.tolerance
        )
    all_weights, all_biases = found.weights.cpu().numpy(), found.biases.cpu().numpy()
    return [
        LinearPredictor(scaler, weights, biases, present, context)
        for weights, biases in zip(all_weights, all_biases, strict=True)
    ]


@dataclass(frozen=True, eq=False, slots=True)
class LinearPredictor:
    """A fitted classifier over the p classes that it has seen: weights [p, d] and biases [p] on scaled features."""

    scaler: StandardScaler | FunctionTransformer
    weights: Features
    biases: Features
    present: Labels
    context: FitContext

    def __call__(self, unseen: Features) -> Probabilities:
        """Probabilities [m, classes] of features [m, d]."""
        scores = self.scaler.transform(unseen) @ self.weights.T + self.biases
        return over_all(softmax(scores.astype(np.float64), axis=1), self.present, self.context)

    def layer(self) -> dict[str, torch.Tensor]:
        """The state of an `nn.Linear` that gives the same of features as they are: weight [classes, d], bias [classes].

        A class that was not seen has no weight, and a bias that leaves it next to no probability.
        """
        mean, scale = (getattr(self.scaler, name, None) for name in ("mean_", "scale_"))
        weights = self.weights if scale is None else self.weights / scale
        biases = self.biases if mean is None else self.biases - weights @ mean
        classes, width = len(self.context.classes), weights.shape[1]
        all_weights, all_biases = np.zeros((classes, width)), np.full(classes, biases.min() - UNSEEN)
        all_weights[self.present], all_biases[self.present] = weights, biases
        return {"weight": torch.from_numpy(all_weights).float(), "bias": torch.from_numpy(all_biases).float()}


def trainable_parameters(feature_size: int, classes: int) -> int:
    """Weights and biases of the classifier."""
    return (feature_size + 1) * classes
