"""Linear probe: multinomial logistic regression on frozen, standardised features (Alain & Bengio 2017)."""

from sklearn.linear_model import LogisticRegression

from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, fitted
from ptmbench.engine.metrics import Labels

MAX_ITERATIONS = 3_000


def fit(features: Features, labels: Labels, strength: float, context: FitContext) -> Predictor:
    """Fits on features [n, d]; `strength` is scikit-learn's C, the inverse of the L2 penalty."""
    return fitted(LogisticRegression(C=strength, max_iter=MAX_ITERATIONS), features, labels, context)


def trainable_parameters(feature_size: int, classes: int) -> int:
    """Weights and biases of the classifier."""
    return (feature_size + 1) * classes
