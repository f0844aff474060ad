"""Noise of times: how much longer than it has to a launch takes, and what that does to the least of several launches.

Noise only ever adds to a time: other work on the machine, a lower clock, threads on a bad core. The least of a side's
launches is therefore what the work takes, as long as not every launch of the side was slowed down; and the chance of
that is the chance of one to the power of their number, since launches of both sides alternate. How often a launch is
slowed down by how much is read off all cases together: a few launches of one case say little of a machine that runs a
quarter slower a fifth of the time, as one of two shared cores did (`benchmarks/validation/gate.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ptmbench.statistics.power import POWER

Numbers = NDArray[np.float64]
DRAWS = 1_000
MOST = 200  # launches a side at most that are said to be needed


@dataclass(frozen=True, eq=False, slots=True)
class AddedTime:
    """Logarithms of how many times as long as the least of its side each launch of each case took, sorted [n]."""

    excess: Numbers

    @classmethod
    def seen_in(cls, sides: Iterable[Numbers]) -> "AddedTime":
        """From the logarithms of a figure over the launches of a side, of each case and side."""
        return cls(np.sort(np.concatenate([side - side.min() for side in sides])))

    def chance(self, difference: float, before: int, now: int) -> float:
        """How likely the least of `now` launches lies so far above the least of `before`, with nothing changed.

        A slowdown larger than any that was seen counts as seen once. The least of a side stands for what the work
        takes, which makes small differences seem a little less likely than they are: those are for a tolerance.
        """
        if difference <= 0:
            return 1.0
        count = len(self.excess)
        rank = np.arange(count)
        least = ((count - rank) / count) ** before - ((count - rank - 1) / count) ** before  # of `before` launches
        above = count - np.searchsorted(self.excess, self.excess + difference, side="left")
        return float((least * np.minimum((above + 1) / (count + 1), 1.0) ** now).sum())

    def threshold(self, level: float, before: int, now: int) -> float:
        """The smallest difference whose chance is at most the level; inf where no difference is that unlikely."""
        steps = np.linspace(0.005, 1.5, 300)
        return next((float(step) for step in steps if self.chance(float(step), before, now) <= level), np.inf)

    def differences(self, before: int, now: int) -> Numbers:
        """Differences of the least of both sides with nothing changed, drawn [DRAWS]."""
        rng = np.random.default_rng(0)
        least: list[Numbers] = [rng.choice(self.excess, (DRAWS, count)).min(axis=1) for count in (before, now)]
        return least[1] - least[0]


@dataclass(frozen=True, eq=False, slots=True)
class LeastTest:
    """The comparison of the least of two sides against a tolerance (a logarithm), for what it can find."""

    noise: AddedTime
    before: int
    now: int
    tolerance: float

    def detectable(self, level: float) -> float:
        """The smallest slowdown, as a share, that is found `POWER` of the time."""
        threshold = max(self.noise.threshold(level, self.before, self.now), self.tolerance)
        return float(np.expm1(threshold - np.quantile(self.noise.differences(self.before, self.now), 1 - POWER)))

    def needed(self, level: float, effect: float) -> float:
        """So many launches a side find a slowdown by such a share; inf for more than `MOST`."""
        found = float(np.log1p(effect))
        counts = range(1, MOST + 1)
        return next((float(count) for count in counts if self.noise.chance(found, count, count) <= level), np.inf)
