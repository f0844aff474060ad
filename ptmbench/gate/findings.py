"""One figure of one case, or of one model, in the baseline and now, and what may be said of it."""

from dataclasses import dataclass

from ptmbench.gate.rules import Verdict
from ptmbench.statistics import Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a test of one figure found, before its verdict: figures, change, and how sure.

    `change` is current minus baseline for quality and the ratio less one for the others. `p_worse` and `p_better` are
    one-sided, against the tolerance; None where the figures are exact. `error` is the standard error of the change (of
    the logarithm of a ratio) with so many degrees of freedom; `needed` says in words what would take more of.
    """

    subject: str
    metric: str
    unit: str
    baseline: float
    current: float
    change: float
    tolerance: float
    interval: Interval | None = None
    p_worse: float | None = None
    p_better: float | None = None
    error: float | None = None
    degrees_of_freedom: float | None = None
    resolution: float | None = None
    samples: int = 0
    sampled: str = ""
    note: str = ""


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
