"""Demands: the limits that a model has to keep, and what deciding may cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ptmbench.recommendation.limits import Limits, faults_of
from ptmbench.recommendation.race import Plan

LONGEST_S: Final = 1e7  # 115 days


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of a decision; `time_s` and `budget_share` (of everything in full) say what it may cost."""

    limits: Limits = field(default_factory=Limits)
    plan: Plan = field(default_factory=Plan)
    time_s: float | None = None
    budget_share: float | None = None

    def faults(self, licences: Sequence[str]) -> list[str]:
        """A line for everything in them that makes no sense.

        Args:
            licences: Of all models that are known.

        Returns:
            Lines without their full stops.
        """
        found = [*faults_of(self.limits, licences), *self.plan.faults()]
        if self.time_s is not None and not 0 < self.time_s < LONGEST_S:
            found.append(f"expected seconds above 0 that the decision may take, got {self.time_s:g}")
        if self.budget_share is not None and not 0 < self.budget_share <= 1:
            found.append(f"expected a budget share above 0 and at most 100 %, got {100 * self.budget_share:g} %")
        if self.time_s is not None and self.budget_share is not None:
            found.append("a time and a budget share both say what the decision may cost: give one of them")
        return [fault.removesuffix(".") for fault in found]

    def limit_s(self, everything_s: float) -> float | None:
        """Seconds that the decision may take in all; None: as many as the plan takes.

        Args:
            everything_s: What training everything in full takes.

        Returns:
            Seconds.
        """
        return self.time_s if self.budget_share is None else self.budget_share * everything_s
