"""Scores of transferability: how well frozen features separate the classes of a task, without training a network.

All are higher for better features, and are computed from features [n, d] and labels [n] alone. They raise `ValueError`
where `LabelledFeatures.of` does: for one class only, shapes that do not fit, and features that are not finite.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ptmbench.statistics.class_spread import (
    CONSTANT,
    Array,
    Features,
    LabelledFeatures,
    Labels,
    ShrunkCovariance,
    class_sums,
    in_span,
    one_hot,
    standardised,
)
from ptmbench.statistics.held_out import (
    lda_accuracy,
    lda_log_loss,
    neighbours_accuracy,
    ridge_accuracy,
    ridge_log_loss,
)
from ptmbench.statistics.intervals import ranks

DECIDES = "log_me"  # the score that short lists rest on: the shrunk H-score rises with the number of features
ITERATIONS = 200
SETTLED = 1e-8  # relative change of the ratio of precisions; the evidence is flat there, and changes by its square
NARROWEST, WIDEST = 1e-10, 1e10  # what that ratio is held between, in units of the largest squared singular value
MOST_PAIRED = 500  # examples whose pairs PARC compares, as its authors do


def h_score(features: Features, labels: Labels) -> float:
    """The H-score: how much of the features' spread, counted in units of itself, lies between classes.

    tr(pinv(cov F) cov(E[F | y])), the sum of squared canonical correlations of features and classes: at most one less
    than there are classes. Where d >= n - 1 and no feature is a combination of others it is exactly that, whatever the
    labels, and tells nothing; `shrunk_h_score` does.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        The score, from 0 to the number of classes less 1.

    Raises:
        ValueError: As the module says.

    Source: Bao et al., "An information-theoretic approach to transferability in task transfer learning", ICIP 2019.
    """
    found = LabelledFeatures.of(features, labels)
    left, _ = _decomposed(found.features - found.features.mean(axis=0))
    return float((class_sums(left, found.classes, len(found.counts)) ** 2 / found.counts[:, None]).sum())


def shrunk_h_score(features: Features, labels: Labels) -> float:
    """The shrunk H-score: the H-score of standardised features under a shrunk covariance, meaningful for d > n too.

    (1 - a) tr(S_a^-1 B): S_a is the covariance shrunk by the share a (`ShrunkCovariance`), B that of the class means,
    both divided by n. Constant columns are left out. With one example a class it is finite, and no label has any say.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        The score, at least 0; 0 where no feature varies.

    Raises:
        ValueError: As the module says.

    Source: Ibrahim, Ponomareva & Mazumder, "Newer is not always better: rethinking transferability metrics", 2022.
    """
    found = LabelledFeatures.of(features, labels)
    (scaled,) = standardised(found.features)
    (rows,) = in_span(scaled)
    shrunk = ShrunkCovariance.of(rows, scaled.shape[1])
    means = class_sums(rows, found.classes, len(found.counts)) / np.sqrt(found.counts * len(rows))[:, None]
    return float((1 - shrunk.shrinkage) * (means * np.linalg.solve(shrunk.matrix, means.T).T).sum())


def log_me(features: Features, labels: Labels) -> float:
    """LogME: the logarithm of the maximised evidence of a linear model of a class, per example, averaged over classes.

    Each column of the one-hot labels is y = F w + noise with w ~ N(0, I / alpha), noise ~ N(0, I / beta), so that
    y ~ N(0, F F' / alpha + I / beta). The ratio alpha / beta is found by iterating to the fixed point where
    alpha |w|^2 = g and beta |y - F w|^2 = n - g, with g the effective number of parameters; for a ratio, the precisions
    themselves have a closed form.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        The score in nats per example; of any sign.

    Raises:
        ValueError: As the module says.

    Source: You et al., "LogME: practical assessment of pre-trained models for transfer learning", ICML 2021.
    Where d > n, code that sums over n singular values leaves (n - d) / 2 log(alpha) out of the evidence; here it is in.
    """
    found = LabelledFeatures.of(features, labels)
    left, singular = _decomposed(found.features)
    targets = one_hot(found.classes, len(found.counts))
    shares = (left.T @ targets) ** 2
    # Where the features span all examples, what is left of a column is rounding, and would be taken for noise.
    spanned = len(singular) == len(left)
    outside = np.zeros(len(found.counts)) if spanned else np.maximum(found.counts - shares.sum(axis=0), 0.0)
    return float(_evidence(singular**2, shares, outside, len(found.classes)).mean())


def parc(features: Features, labels: Labels) -> float | None:
    """PARC: whether examples that differ in their features differ in their class, too.

    Spearman's correlation, over pairs of examples, of 1 - r(features) and 1 - r(one-hot labels), r being Pearson's.
    Of more than 500 examples 500 are drawn, the same for the same n. An example whose features are all alike has
    r = 0 with every other; where all pairs are alike in their features, the correlation counts as 0.

    Args:
        features: Features [n, d].
        labels: Class of each example [n].

    Returns:
        The correlation, from -1 to 1; None where no two examples share a class.

    Raises:
        ValueError: As the module says.

    Source: Bolya, Mittapalli & Hoffman, "Scalable diverse model selection for accessible transfer learning", NeurIPS
    2021, who multiply it by 100, and reduce the features first in one variant.
    """
    found = LabelledFeatures.of(features, labels)
    drawn = np.random.default_rng(0).permutation(len(found.classes))[:MOST_PAIRED]
    rows, classes = found.features[drawn], found.classes[drawn]
    centred = rows - rows.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    flat = sizes <= CONSTANT * np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    units = np.where(flat, 0.0, centred / np.where(flat, 1.0, sizes))
    pairs = np.tril_indices(len(drawn), -1)
    # r of two one-hot labels is 1 or -1 / (classes - 1): its ranks are those of whether they differ.
    apart = (classes[:, None] != classes)[pairs].astype(np.float64)
    return None if apart.all() else _correlation(ranks(1 - (units @ units.T)[pairs]), ranks(apart))


@dataclass(frozen=True, slots=True)
class TransferScore:
    """A score of frozen features: its name in code, its heading in a table, what it tells, its formula and its source.

    `function` takes features [n, d] and labels [n], and gives the score, or None where there are too few examples.
    """

    name: str
    heading: str
    about: str
    formula: str
    source: str
    function: Callable[[Features, Labels], float | None]


SCORES = (  # the first is the one that decisions rest on
    TransferScore(
        "shrunk_h_score",
        "Shrunk H-score",
        "spread of the features between classes in units of their shrunk covariance",
        "(1 - a) tr(S_a^-1 B), standardised features, a after Ledoit and Wolf",
        "Ibrahim et al. 2022",
        shrunk_h_score,
    ),
    TransferScore(
        "h_score",
        "H-score",
        "spread of the features between classes in units of their covariance",
        "tr(pinv(cov F) cov(E[F | y]))",
        "Bao et al. 2019",
        h_score,
    ),
    TransferScore(
        "log_me",
        "LogME",
        "maximised evidence of a linear model of each class, in nats per example",
        "mean over classes of max log p(y | F, alpha, beta) / n",
        "You et al. 2021",
        log_me,
    ),
    TransferScore(
        "lda_log_loss",
        "LDA log-likelihood",
        "what shrunk linear discriminants give the right class, in examples held out, in nats per example",
        "mean of log p(y | x), 5 folds",
        "Fisher 1936; Ledoit and Wolf 2004",
        lda_log_loss,
    ),
    TransferScore(
        "lda_accuracy",
        "LDA accuracy",
        "share of examples held out that shrunk linear discriminants tell",
        "mean of [argmax p = y], 5 folds",
        "Fisher 1936; Ledoit and Wolf 2004",
        lda_accuracy,
    ),
    TransferScore(
        "ridge_log_loss",
        "Ridge log-likelihood",
        "what ridge regression on the classes gives the right one, in examples held out, in nats per example",
        "mean of log softmax(f)_y, 5 folds",
        "Hoerl and Kennard 1970",
        ridge_log_loss,
    ),
    TransferScore(
        "ridge_accuracy",
        "Ridge accuracy",
        "share of examples held out that ridge regression on the classes tells",
        "mean of [argmax f = y], 5 folds",
        "Hoerl and Kennard 1970",
        ridge_accuracy,
    ),
    TransferScore(
        "neighbours_accuracy",
        "5-NN accuracy",
        "share of examples that the 5 others with the most similar features tell",
        "mean of [vote of the 5 largest cosines = y], one left out",
        "Cover and Hart 1967",
        neighbours_accuracy,
    ),
    TransferScore(
        "parc",
        "PARC",
        "rank correlation, over pairs of examples, of how their features and their classes differ",
        "Spearman(1 - r(F), 1 - r(one-hot y))",
        "Bolya et al. 2021",
        parc,
    ),
)


def scores_of(features: Features, labels: Labels) -> dict[str, float | None]:
    """Every score of `SCORES` by its name, None where it needs more examples of a class.

    Raises `ValueError` as the module says.
    """
    return {score.name: score.function(features, labels) for score in SCORES}


def _decomposed(features: Array) -> tuple[Array, Array]:
    """Left singular vectors [n, r] and singular values [r], without those that are 0 up to rounding."""
    left, singular, _ = np.linalg.svd(features, full_matrices=False)
    kept = singular > singular.max(initial=0.0) * max(features.shape) * np.finfo(np.float64).eps
    return left[:, kept], singular[kept]


def _evidence(squares: Array, shares: Array, outside: Array, count: int) -> Array:
    """The maximised evidence of each class, per example.

    Args:
        squares: Squared singular values of the features [r].
        shares: Squared projections of each class's column of labels on the left singular vectors [r, classes].
        outside: The squared size of what is left of each column [classes].
        count: How many examples there are.

    Returns:
        Natural logarithms [classes]. A column that the features meet exactly would have an infinite one: there the
        ratio of precisions stays at `NARROWEST`.
    """
    spectrum = squares[:, None] / (squares.max(initial=0.0) or 1.0)  # the evidence knows no unit of the features
    ratio = np.ones_like(outside)
    for _ in range(ITERATIONS):
        effective = (spectrum / (spectrum + ratio)).sum(axis=0)
        free = (ratio / (spectrum + ratio)).sum(axis=0) + count - len(squares)  # n - g, which subtracting would round
        missed = (shares * (ratio / (spectrum + ratio)) ** 2).sum(axis=0) + outside
        weights = (spectrum * shares / (spectrum + ratio) ** 2).sum(axis=0)
        above, below = effective * missed, weights * free
        below = np.maximum(below, np.maximum(above / WIDEST, np.finfo(np.float64).tiny))
        previous, ratio = ratio, np.maximum(above / below, NARROWEST)
        if np.all(np.abs(ratio - previous) <= SETTLED * previous):
            break
    variance = ((shares / (spectrum + ratio)).sum(axis=0) + outside / ratio) / count  # 1 / alpha at its maximum
    determinant = np.log(spectrum + ratio).sum(axis=0) + (count - len(squares)) * np.log(ratio)
    return np.asarray(-0.5 * (np.log(2 * np.pi * variance) + 1 + determinant / count))


def _correlation(first: Array, second: Array) -> float:
    """Pearson's correlation; 0 where one of the two does not vary."""
    one, other = first - first.mean(), second - second.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else 0.0
