"""One figure of one case, or of one model, in the baseline and now, and what may be said of it."""

from dataclasses import dataclass
from typing import Protocol

from ptmbench.gate.rules import Verdict
from ptmbench.statistics.intervals import Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a test of one figure found, before its verdict: figures, change, and how sure.

    `change` is current minus baseline for quality and the ratio less one for the others. `p_worse` and `p_better` are
    one-sided; None where the figures are exact. `resolution` is the worsening that a comparison has to be able to find
    to be more than inconclusive; `interval_kind` says what an interval of quality is over, `sampled` of what there are
    `samples`.
    """

    subject: str
    metric: str
    unit: str
    baseline: float
    current: float
    change: float
    tolerance: float
    interval: Interval | None = None
    interval_kind: str | None = None
    p_worse: float | None = None
    p_better: float | None = None
    resolution: float | None = None
    samples: int = 0
    sampled: str = ""
    note: str = ""


class Detector(Protocol):
    """What a comparison can find."""

    def detectable(self, level: float) -> float:
        """The smallest worsening that it finds eight times in ten at a level."""

    def needed(self, level: float, effect: float) -> float:
        """How many samples would find a worsening; inf where none would."""


Tested = tuple[Comparison, Detector]


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, the comparison that it is about (None where there was nothing to compare), and the words for it.

    `detectable` is the smallest worsening that this gate would have found eight times in ten.
    """

    subject: str
    metric: str
    verdict: Verdict
    comparison: Comparison | None = None
    adjusted: float | None = None
    detectable: float | None = None
    note: str = ""
