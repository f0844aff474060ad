"""Linear probe: multinomial logistic regression on frozen, standardised features (Alain & Bengio 2017)."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import softmax

from ptmbench.engine.methods import logistic
from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, Probabilities, over_all, scaler_of
from ptmbench.engine.metrics import Labels


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

    def predictor(weights: Features, biases: Features) -> Predictor:
        def predict(unseen: Features) -> Probabilities:
            scores = scaler.transform(unseen) @ weights.T + biases
            return over_all(softmax(scores.astype(np.float64), axis=1), present, context)

        return predict

    return [predictor(weights, biases) for weights, biases in zip(all_weights, all_biases, strict=True)]


def trainable_parameters(feature_size: int, classes: int) -> int:
    """Weights and biases of the classifier."""
    return (feature_size + 1) * classes
