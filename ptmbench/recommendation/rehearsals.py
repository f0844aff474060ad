"""Rehearsals: what a candidate was seen to reach on validation examples, and what seeing that has cost."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

LEAST: Final = (
    0.01  # a share of right answers below this, or above 1 - `LEAST` / 2, is taken as that: logits are finite
)
FROZEN: Final = "nothing"  # what trains where features are computed once


class Stage(StrEnum):
    """How long a rehearsal trains; each is the name of the budget that it runs at, with one seed."""

    QUICK = "quick"
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model and the method that adapts it; `trains` is what the method trains: "nothing", "all", "last_stage", ..."""

    model: str
    method: str
    trains: str

    @property
    def frozen(self) -> bool:
        """Whether nothing is trained: one rehearsal shows all there is to see, at any length."""
        return self.trains == FROZEN

    def __str__(self) -> str:
        return f"{self.model}, {self.method}"


@dataclass(frozen=True, eq=False, slots=True)
class Rehearsal:
    """The metric on the validation part at one seed.

    `hits` [examples] says which are right, where the metric is a share of examples; None where it is not. `deviation`
    is the standard error that the draw of the examples gives the metric, `seconds` what the rehearsal took.
    """

    stage: Stage
    value: float
    seconds: float
    examples: int
    deviation: float
    hits: NDArray[np.bool_] | None = None

    @property
    def logit(self) -> float:
        """The logarithm of the odds of a right answer."""
        return logit(self.value)

    @property
    def steepness(self) -> float:
        """By how much the logit rises for each unit of the metric, here."""
        value = clipped(self.value)
        return 1 / (value * (1 - value))


class Source(Protocol):
    """What rehearsals come from: a run on this machine, or records of earlier ones."""

    def rehearse(self, candidates: Sequence[Candidate], stage: Stage) -> Iterator[tuple[Candidate, Rehearsal]]:
        """One rehearsal of each candidate, as soon as it is there; those are missing whose case did not finish."""

    def expected_s(self, candidate: Candidate, stage: Stage) -> float:
        """Seconds that a rehearsal may take."""


def clipped(value: float) -> float:
    """The metric within what has a finite logit."""
    return min(max(value, LEAST), 1 - LEAST / 2)


def logit(value: float) -> float:
    """log(p / (1 - p)) of a metric p between 0 and 1, kept finite at both ends."""
    value = clipped(value)
    return math.log(value / (1 - value))


def share(logit_value: float) -> float:
    """The metric between 0 and 1 whose logit this is."""
    return 1 / (1 + math.exp(-logit_value))


def paired_variance(first: Rehearsal, second: Rehearsal, rises: tuple[float, float]) -> float:
    """The variance that the draw of validation examples gives the difference of two predictions.

    Args:
        first: A rehearsal.
        second: Another one; paired with the first where both say which of the same examples are right.
        rises: By how much each prediction rises for each unit of its rehearsal's logit.

    Returns:
        A variance of logits, by the delta method; without pairing the sum of both.
    """
    slopes = rises[0] * first.steepness, rises[1] * second.steepness
    if first.hits is None or second.hits is None or len(first.hits) != len(second.hits):
        return (slopes[0] * first.deviation) ** 2 + (slopes[1] * second.deviation) ** 2
    apart = slopes[0] * first.hits.astype(float) - slopes[1] * second.hits.astype(float)
    return float(apart.var(ddof=1)) / len(apart) if len(apart) > 1 else math.inf
