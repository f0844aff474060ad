"""Linear probe: multinomial logistic regression on frozen, standardised features (Alain & Bengio 2017)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ptmbench.engine.metrics import Labels

Features = NDArray[np.float32]
Predictor = Callable[[Features], Labels]
MAX_ITERATIONS = 3_000


def fit(features: Features, labels: Labels, strength: float, standardise: bool = True) -> Predictor:  # noqa: FBT001, FBT002
    """Fits on features [n, d]; `strength` is scikit-learn's C, the inverse of the L2 penalty.

    Standardisation, unless the features have a common scale already, is learned from the same n examples. The
    returned function takes [m, d] to labels [m].
    """
    scaler = StandardScaler() if standardise else FunctionTransformer()
    pipeline = make_pipeline(scaler, LogisticRegression(C=strength, max_iter=MAX_ITERATIONS))
    pipeline.fit(features, labels)

    def predict(unseen: Features) -> Labels:
        return np.asarray(pipeline.predict(unseen), dtype=np.int64)

    return predict


def trainable_parameters(feature_size: int, classes: int) -> int:
    """Weights and biases of the classifier."""
    return (feature_size + 1) * classes
