"""How examples of classes spread: what the scores of frozen features are computed from, as pure functions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Classes = NDArray[np.int64]
Features = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
CONSTANT = 1e-10  # a column that varies by less than this share of its largest value is constant, up to rounding
LEAST_SHRINKAGE = 1e-9  # above 0, so that a direction without spread divides nothing by 0


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """Features [n, d] in double precision with the class of each example, numbered by first appearance from 0.

    Numbers by first appearance make every score the same to the last digit whatever the classes are called.
    """

    features: Array
    classes: Classes
    counts: Classes

    @classmethod
    def of(cls, features: Features, labels: Labels) -> "LabelledFeatures":
        """Features [n, d] and labels [n], looked at and brought into one form.

        Raises:
            ValueError: Their shapes do not fit, a feature is not finite, or there are fewer than two classes.
        """
        table, names = np.asarray(features, dtype=np.float64), np.asarray(labels)
        if table.ndim != 2 or names.shape != table.shape[:1]:
            raise ValueError(f"expected features [n, d] and labels [n], got {table.shape} and {names.shape}")
        if not np.isfinite(table).all():
            raise ValueError("expected finite features, got some that are not")
        found, first, inverse = np.unique(names, return_index=True, return_inverse=True)
        if len(found) < 2:
            raise ValueError(f"expected labels of at least 2 classes, got {len(found)}")
        classes = np.argsort(np.argsort(first))[inverse].astype(np.int64)
        return cls(table, classes, np.bincount(classes).astype(np.int64))

    @property
    def paired(self) -> bool:
        """Whether every class has two examples, without which none can be held out."""
        return bool(self.counts.min() >= 2)


def class_sums(values: Array, classes: Classes, count: int) -> Array:
    """The sum of the rows of each class [count, d], of rows [n, d]."""
    return np.asarray(one_hot(classes, count).T @ values)


def one_hot(classes: Classes, count: int) -> Array:
    """1 in the column of an example's class and 0 elsewhere [n, count]."""
    return np.asarray(np.eye(count)[classes])


def standardised(train: Array, *others: Array) -> tuple[Array, ...]:
    """Rows with the mean of `train` at 0 and its standard deviation at 1 in every column, `train` itself first.

    Columns that are constant in `train` are left out; where all are, no column is left.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    varies = deviation > CONSTANT * np.abs(train).max(axis=0, initial=0.0)
    return tuple((part[:, varies] - mean[varies]) / deviation[varies] for part in (train, *others))


def in_span(train: Array, *others: Array) -> tuple[Array, ...]:
    """The same rows in coordinates of the span of `train`, at most as many as it has rows.

    A rotation: inner products with rows of `train` stay as they are, and so does all that is made of them alone.
    """
    if train.shape[1] <= train.shape[0]:
        return train, *others
    basis, _ = np.linalg.qr(train.T)
    return tuple(part @ basis for part in (train, *others))


@dataclass(frozen=True, slots=True)
class ShrunkCovariance:
    """A covariance [r, r] drawn towards a multiple of the identity by a share, the shrinkage."""

    matrix: Array
    shrinkage: float

    @classmethod
    def of(cls, centred: Array, width: int) -> "ShrunkCovariance":
        """The estimate that Ledoit & Wolf (2004) show to be nearest to the truth in the mean square.

        With S = X'X / n and m = tr S / d it is (1 - a) S + a m I, where a, between 0 and 1, is the share of
        |S - m I|^2 that is noise: sum_i |x_i x_i' - S|^2 / n^2.

        Args:
            centred: Rows [n, r] around 0 of standardised features, in the coordinates of `in_span` or in their own.
            width: How many columns d the rows have in their own coordinates.

        Returns:
            The estimate in the coordinates of the rows; the identity where no row differs from 0, up to rounding.
        """
        count, rank = centred.shape
        plain = centred.T @ centred / count
        level = float(np.trace(plain)) / max(width, 1)
        if level <= CONSTANT**2:
            return cls(np.eye(rank), LEAST_SHRINKAGE)
        size = float((plain**2).sum())
        signal = size - width * level**2
        noise = (float(((centred**2).sum(axis=1) ** 2).sum()) / count - size) / count
        # With one column, or columns alike, there is nothing to draw: both are 0 up to rounding.
        share = noise / signal if signal > CONSTANT * size else 0.0
        share = float(np.clip(share, LEAST_SHRINKAGE, 1.0))
        return cls((1 - share) * plain + share * level * np.eye(rank), share)
