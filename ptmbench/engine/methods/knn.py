"""k nearest neighbours on frozen, standardised features: cosine distance, votes weighted by its inverse."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ptmbench.engine.methods.linear_probe import Features, Predictor
from ptmbench.engine.metrics import Labels


def fit(features: Features, labels: Labels, neighbours: float, standardise: bool = True) -> Predictor:  # noqa: FBT001, FBT002
    """Remembers features [n, d] and labels [n]; at most n neighbours vote."""
    voters = min(int(neighbours), len(labels))
    search = KNeighborsClassifier(voters, weights="distance", metric="cosine", algorithm="brute")
    pipeline = make_pipeline(StandardScaler() if standardise else FunctionTransformer(), search)
    pipeline.fit(features, labels)

    def predict(unseen: Features) -> Labels:
        return np.asarray(pipeline.predict(unseen), dtype=np.int64)

    return predict


def trainable_parameters(feature_size: int, classes: int) -> int:
    """None: neighbours are remembered, not trained."""
    return 0
