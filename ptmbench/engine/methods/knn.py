"""k nearest neighbours on frozen, standardised features: cosine distance, votes weighted by its inverse."""

from sklearn.neighbors import KNeighborsClassifier

from ptmbench.engine.methods.frozen_method import Features, FitContext, Predictor, fitted
from ptmbench.engine.metrics import Labels


def fit(features: Features, labels: Labels, neighbours: float, context: FitContext) -> Predictor:
    """Remembers features [n, d] and labels [n]; at most n neighbours vote."""
    voters = min(int(neighbours), len(labels))
    search = KNeighborsClassifier(voters, weights="distance", metric="cosine", algorithm="brute")
    return fitted(search, features, labels, context)


def trainable_parameters(feature_size: int, classes: int) -> int:
    """None: neighbours are remembered, not trained."""
    return 0
