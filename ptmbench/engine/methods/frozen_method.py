"""What a frozen method is: a fit on features, its trainable parameters, and the work that operations do not count.

What is learned gives every class a probability. The class with the highest is the answer, the first of equals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ptmbench.engine.metrics import Labels

Features = NDArray[np.float32]
Probabilities = NDArray[np.float64]
Predictor = Callable[[Features], Probabilities]  # [m, d] to [m, classes]; each row sums to 1


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a fit may know besides features and labels.

    `classes` are the names of the labels in their order. `standardise`: the features have no common scale yet. `text`
    takes sentences to features [n, d] in the space of the examples' own; None for a model without a text side. `device`
    is where large products are best computed. `tolerance` is the part of its objective that an iterative fit may leave,
    `seed` what a fit draws by, where it draws.
    """

    classes: tuple[str, ...]
    standardise: bool = True
    text: Callable[[Sequence[str]], Features] | None = None
    device: str = "cpu"
    tolerance: float = 1e-5
    seed: int = 0


Fit = Callable[[Features, Labels, float, FitContext], Predictor]
FitAll = Callable[[Features, Labels, Sequence[float], FitContext], Sequence[Predictor]]


class FrozenMethod(NamedTuple):
    """One frozen method.

    `fit(features, labels, value, context)` learns from features [n, d] and labels [n] at one value of the grid.
    `trainable_parameters(feature_size, classes)` counts what it learns. `uncounted` names the work of a prediction that
    is no operation of the network. `fit_all` does what `fit` does for several values at once, where that is faster.
    `facts(examples)` is what else a record says of a fit to so many examples; `draws`: each seed fits anew.
    """

    fit: Fit
    trainable_parameters: Callable[[int, int], int]
    uncounted: tuple[str, ...] = ()
    fit_all: FitAll | None = None
    facts: Callable[[int], dict[str, float]] | None = None
    draws: bool = False

    def fitted_to(
        self, features: Features, labels: Labels, values: Sequence[float], context: FitContext
    ) -> Sequence[Predictor]:
        """What is learned at each value of a part of the grid."""
        if self.fit_all is not None:
            return self.fit_all(features, labels, values, context)
        return [self.fit(features, labels, value, context) for value in values]


def scaler_of(features: Features, context: FitContext) -> StandardScaler | FunctionTransformer:
    """Standardisation learned from features [n, d]; none where they have a common scale already."""
    scaler = StandardScaler() if context.standardise else FunctionTransformer()
    return scaler.fit(features)


def over_all(found: NDArray[np.floating[Any]], present: Labels, context: FitContext) -> Probabilities:
    """Probabilities [m, p] of the p classes that a fit has seen, as probabilities [m, classes] of all.

    Args:
        found: One column a class that was there.
        present: The labels of these columns.
        context: Knows how many classes there are.

    Returns:
        Zeros for classes of which no example was seen.
    """
    spread = np.zeros((len(found), max(len(context.classes), int(present.max()) + 1)))
    spread[:, present] = found
    return spread


def fitted(classifier: object, features: Features, labels: Labels, context: FitContext) -> Predictor:
    """A classifier of scikit-learn, fitted to features [n, d] and labels [n].

    Standardisation, unless the features have a common scale already, is learned from the same n examples. A classifier
    without `predict_proba` is sure of every answer.
    """
    pipeline: Pipeline = make_pipeline(scaler_of(features, context), classifier)
    pipeline.fit(features, labels)

    def predict(unseen: Features) -> Probabilities:
        present = np.asarray(pipeline.classes_, dtype=np.int64)
        if hasattr(pipeline, "predict_proba"):
            return over_all(pipeline.predict_proba(unseen), present, context)
        return over_all(pipeline.predict(unseen)[:, None] == present, present, context)

    return predict
