"""Membership inference: whether answers tell who was learned from.

The likelihood-ratio attack (LiRA: Carlini et al. 2022, "Membership inference attacks from first principles",
https://arxiv.org/abs/2112.03570), online, with variances over all examples, as the paper does below 64 shadows. Each
model is the target once, and the others are its shadows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # one for each model and example [models, examples]
Members = NDArray[np.bool_]  # whether the model learned from the example, of the same shape

ATTACK: Final = "lira"
LEAST: Final = 1e-12  # a probability: nearest neighbours give most classes nothing
RATES: Final = {"tpr_at_fpr_1e_2": 1e-2, "tpr_at_fpr_1e_3": 1e-3}
DRAWS: Final = 200  # of the bootstrap
POINTS: Final = tuple(float(rate) for rate in np.logspace(-3, 0, 13))  # of the curve that is kept
INTERVAL_KIND: Final = "bootstrap over target models"


def margins_of(probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> Values:
    """How sure a model is of each true class: ln p of it less ln of what all others have.

    Args:
        probabilities: Of n examples [n, classes]; rows sum to 1.
        truth: The index of each true class [n].

    Returns:
        The logit of the confidence [n], which is about normal over models.
    """
    own = np.zeros(probabilities.shape, dtype=np.bool_)
    own[np.arange(len(truth)), truth] = True
    rest = np.where(own, 0, probabilities).sum(axis=1)  # and not 1 - p, which loses what p near 1 has left
    found: Values = np.log(np.maximum(probabilities[own], LEAST)) - np.log(np.maximum(rest, LEAST))
    return found


def likelihood_ratios(margins: Values, members: Members) -> Values:
    """For each model as the target, how much likelier its margins are of models that learned from an example.

    Args:
        margins: What `margins_of` gives, of each model and example.
        members: Who learned from what; of each example some models at least two of each kind.

    Returns:
        Logarithms of likelihood ratios; 0 where the shadows are all of one kind.
    """
    found = np.zeros_like(margins)
    for target, seen in enumerate(margins):
        others = np.arange(len(margins)) != target
        inside = _spread(margins[others], members[others])
        outside = _spread(margins[others], ~members[others])
        told = inside.known & outside.known
        found[target, told] = (_density(seen, inside) - _density(seen, outside))[told]
    return found


@dataclass(frozen=True, slots=True)
class _Spread:
    """Means of the margins of each example [n], the variance around them, and where there is a mean at all."""

    means: Values
    variance: float
    known: NDArray[np.bool_]


def _spread(margins: Values, chosen: Members) -> _Spread:
    counts = chosen.sum(axis=0)
    means = np.where(chosen, margins, 0).sum(axis=0) / np.maximum(counts, 1)
    squares = np.where(chosen, (margins - means) ** 2, 0).sum()
    freedom = max(int(np.maximum(counts - 1, 0).sum()), 1)
    return _Spread(means, max(float(squares / freedom), LEAST), counts > 0)


def _density(seen: Values, spread: _Spread) -> Values:
    """The logarithm of the normal density, without the constant that all have."""
    found: Values = -0.5 * ((seen - spread.means) ** 2 / spread.variance + np.log(spread.variance))
    return found


@dataclass(frozen=True, eq=False, slots=True)
class RocCurve:
    """True and false positive rates of the thresholds that tell scores apart, from the strictest on; both end at 1."""

    false_rates: Values
    true_rates: Values

    @property
    def area(self) -> float:
        """AUC: the chance that a member scores higher than another example, ties half."""
        return float(np.trapezoid(np.r_[0, self.true_rates], np.r_[0, self.false_rates]))

    def at(self, rate: float) -> float:
        """The highest true positive rate at a false positive rate of at most `rate`."""
        there = self.false_rates <= rate
        return float(self.true_rates[there].max(initial=0.0))


@dataclass(frozen=True, eq=False, slots=True)
class Ranked:
    """Pairs of models and examples, from the highest score down; `ends` are the last of those with equal scores."""

    members: NDArray[np.bool_]
    targets: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Values, members: Members) -> "Ranked":
        """All pairs of models and examples, each model with its weight."""
        flat = scores.ravel()
        order = np.argsort(-flat, kind="stable")
        ends = np.flatnonzero(np.r_[np.diff(flat[order]) != 0, True])
        return cls(members.ravel()[order], order // scores.shape[1], ends)

    def curve(self, weights: NDArray[np.int64]) -> RocCurve:
        """The curve in which each target model [models] stands as often as its weight says."""
        each = weights[self.targets]
        hits, misses = (np.cumsum(np.where(kind, each, 0))[self.ends] for kind in (self.members, ~self.members))
        return RocCurve(misses / misses[-1], hits / hits[-1])


def attack_of(scores: Values, members: Members, seed: int = 0) -> dict[str, Any]:
    """What an attack comes to, all target models together.

    Args:
        scores: Of each model and example; higher says member.
        members: Who learned from what.
        seed: Of the bootstrap.

    Returns:
        `auc`, `tpr_at_fpr_1e_2` and, with a thousand pairs that are no members, `tpr_at_fpr_1e_3`, each with a 95 %
        interval over target models as `..._interval95`; `roc`, pairs of false and true positive rates.
    """
    ranked = Ranked.of(scores, members)
    whole = ranked.curve(np.ones(len(scores), dtype=np.int64))
    rates = {name: rate for name, rate in RATES.items() if (~members).sum() >= 1 / rate}

    def figures(curve: RocCurve) -> list[float]:
        return [curve.area, *(curve.at(rate) for rate in rates.values())]

    drawn = np.array([figures(curve) for curve in _resampled(ranked, len(scores), seed)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    found: dict[str, Any] = {"roc": [(rate, whole.at(rate)) for rate in POINTS]}
    for name, value, *ends in zip(("auc", *rates), figures(whole), low, high, strict=True):
        found[name] = value
        found[f"{name}_interval95"] = (min(float(ends[0]), value), max(float(ends[1]), value))
    return found


def _resampled(ranked: Ranked, models: int, seed: int) -> Iterator[RocCurve]:
    """Curves over target models that are drawn with replacement."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield ranked.curve(np.bincount(rng.integers(models, size=models), minlength=models))


def null_auc(margins: Values, members: Members, seed: int = 0) -> float:
    """AUC of the same attack where membership is shuffled: .5 but for chance, or the attack is told what it asks.

    Args:
        margins: Of each model and example.
        members: Who learned from what; shuffled among the models, for each example.
        seed: Of the shuffle.

    Returns:
        The area under the curve.
    """
    shuffled = np.random.default_rng(seed).permuted(members, axis=0)
    scores = likelihood_ratios(margins, shuffled)
    return Ranked.of(scores, shuffled).curve(np.ones(len(scores), dtype=np.int64)).area
