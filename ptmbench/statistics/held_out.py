"""Scores of frozen features by simple classifiers on examples held out; None where a class has a single example.

They raise `ValueError` where `LabelledFeatures.of` does. Folds are deterministic: each class is dealt over five folds
in the order in which its examples come, so that another order of the examples can move these scores a little.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ptmbench.statistics.class_spread import (
    Array,
    Classes,
    Features,
    LabelledFeatures,
    Labels,
    ShrunkCovariance,
    class_sums,
    in_span,
    one_hot,
    standardised,
)

FOLDS = 5
NEIGHBOURS = 5
ALPHAS = np.logspace(-1, 5, 13)
Fit = Callable[[Array, Classes, Array], Array]  # train [n, d], classes [n], test [m, d] -> decision values [m, classes]


def lda_log_loss(features: Features, labels: Labels) -> float | None:
    """The mean log-probability that shrunk linear discriminants give the right class: minus the log-loss.

    Linear discriminant analysis on standardised features, the covariance inside classes pooled and shrunk after Ledoit
    and Wolf (2004), in 5 stratified folds. The shrinkage is found from all classes together, since a class of few
    examples does not tell its own.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        Nats per example, at most 0; None where a class has a single example.

    Raises:
        ValueError: As the module says.

    Source: Fisher, "The use of multiple measurements in taxonomic problems", 1936.
    """
    return _log_likelihood(features, labels, _discriminants)


def lda_accuracy(features: Features, labels: Labels) -> float | None:
    """The share of examples that the discriminants of `lda_log_loss` tell; arguments, None and errors as there."""
    return _accuracy(features, labels, _discriminants)


def ridge_log_loss(features: Features, labels: Labels) -> float | None:
    """The mean log-probability that ridge regression on the classes gives the right one: minus the log-loss.

    Ridge regression of standardised features on targets of 1 and -1 a class, the penalty chosen among 13 from 0.1 to
    100,000 by the error of leaving one out, in 5 stratified folds. Its values are no probabilities: that their softmax
    is taken for them is a choice, which bounds how sure it can be (values of 1 and -1 give two classes .88 and .12).

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        Nats per example, at most 0; None where a class has a single example.

    Raises:
        ValueError: As the module says.

    Source: Hoerl & Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
    """
    return _log_likelihood(features, labels, _ridge)


def ridge_accuracy(features: Features, labels: Labels) -> float | None:
    """The share of examples that the regression of `ridge_log_loss` tells; arguments, None and errors as there."""
    return _accuracy(features, labels, _ridge)


def neighbours_accuracy(features: Features, labels: Labels) -> float | None:
    """The share of examples that their 5 nearest others tell, by cosine, each left out in turn.

    Features are taken as they come. Of classes with as many votes, the one whose voters are together nearer wins; fewer
    than 6 examples vote by all others.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        A share; None where a class has a single example.

    Raises:
        ValueError: As the module says.

    Source: Cover & Hart, "Nearest neighbor pattern classification", 1967.
    """
    found = LabelledFeatures.of(features, labels)
    if not found.paired:
        return None
    sizes = np.linalg.norm(found.features, axis=1, keepdims=True)
    units = found.features / np.where(sizes == 0, 1.0, sizes)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(NEIGHBOURS, len(units) - 1)
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(cosines, nearest, axis=1)
    # Sums of cosines differ by 2 per voter at most: divided by 4 per voter they decide between equal votes alone.
    weights = 1 + near / (4 * count)
    votes = (one_hot(found.classes[nearest], len(found.counts)) * weights[:, :, None]).sum(axis=1)
    return float((votes.argmax(axis=1) == found.classes).mean())


def _log_likelihood(features: Features, labels: Labels, fit: Fit) -> float | None:
    found = LabelledFeatures.of(features, labels)
    if not found.paired:
        return None
    values = _held_out(found, fit)
    values -= values.max(axis=1, keepdims=True)
    right = np.take_along_axis(values, found.classes[:, None], axis=1)[:, 0]
    return float((right - np.log(np.exp(values).sum(axis=1))).mean())


def _accuracy(features: Features, labels: Labels, fit: Fit) -> float | None:
    found = LabelledFeatures.of(features, labels)
    return float((_held_out(found, fit).argmax(axis=1) == found.classes).mean()) if found.paired else None


def _held_out(found: LabelledFeatures, fit: Fit) -> Array:
    """The decision values [n, classes] of each example by a fit on the folds that it is not in."""
    values = np.empty((len(found.classes), len(found.counts)))
    for test in _folds(found.classes):
        train, rest = standardised(found.features[~test], found.features[test])
        values[test] = fit(train, found.classes[~test], rest)
    return values


def _folds(classes: Classes) -> Iterator[NDArray[np.bool_]]:
    """Which examples [n] are in each fold: sorted by class and dealt round, so that no pair of a class is in one."""
    dealt = np.empty_like(classes)
    dealt[np.argsort(classes, kind="stable")] = np.arange(len(classes)) % FOLDS
    for fold in range(min(FOLDS, len(classes))):
        yield dealt == fold


def _discriminants(train: Array, classes: Classes, test: Array) -> Array:
    """The logarithms of p(x | class) p(class) [m, classes], up to what all classes of an example have in common."""
    # scikit-learn shrinks each class by itself in d x d: 3.4 s for 240 x 2,048 and 10 classes; this, .04 s.
    counts = np.bincount(classes)
    rows, others = in_span(train, test)
    means = class_sums(rows, classes, len(counts)) / counts[:, None]
    inside = ShrunkCovariance.of(rows - means[classes], train.shape[1])
    weights = np.linalg.solve(inside.matrix, means.T)
    offsets = np.log(counts / len(classes)) - 0.5 * (means.T * weights).sum(axis=0)
    return np.asarray(others @ weights + offsets)


def _ridge(train: Array, classes: Classes, test: Array) -> Array:
    """The values of a ridge regression on targets of 1 for the class and -1 for the others [m, classes]."""
    from sklearn.linear_model import RidgeCV

    targets = 2 * one_hot(classes, int(classes.max()) + 1) - 1
    if not train.shape[1]:
        return np.tile(targets.mean(axis=0), (len(test), 1))
    rows, others = in_span(train, test)
    return np.asarray(RidgeCV(alphas=ALPHAS).fit(rows, targets).predict(others))
