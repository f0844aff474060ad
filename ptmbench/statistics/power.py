"""Power: the smallest effect that a comparison would find, and what it takes to find a smaller one."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

POWER = 0.8  # how often an effect of the size told would be found


@dataclass(frozen=True, slots=True)
class StudentTest:
    """A one-sided test by Student's t: its standard error, degrees of freedom and level."""

    standard_error: float
    degrees_of_freedom: float
    level: float

    @property
    def reach(self) -> float:
        """How many standard errors an effect must have to be found with `POWER`."""
        return float(stdtrit(self.degrees_of_freedom, 1 - self.level) + stdtrit(self.degrees_of_freedom, POWER))


def minimum_detectable_effect(test: StudentTest, tolerance: float = 0.0) -> float:
    """The smallest effect beyond the tolerance that is found eight times in ten (Bloom 1995)."""
    return tolerance + test.reach * test.standard_error


def times_needed(test: StudentTest, effect: float, tolerance: float = 0.0) -> float:
    """How many times as many samples (seeds, examples, launches) would find an effect; inf where none would.

    The standard error falls with the root of their number; degrees of freedom are taken as they are.
    """
    if effect <= tolerance:
        return float(np.inf)
    return (test.reach * test.standard_error / (effect - tolerance)) ** 2


@dataclass(frozen=True, slots=True)
class ByStudent:
    """A comparison by Student's t against a tolerance, for what it can find and what it would take to find less."""

    standard_error: float
    degrees_of_freedom: float
    tolerance: float
    samples: int

    def detectable(self, level: float) -> float:
        """The smallest worsening that is found `POWER` of the time."""
        return minimum_detectable_effect(self._at(level), self.tolerance)

    def needed(self, level: float, effect: float) -> float:
        """So many samples find such a worsening; inf where none would."""
        return times_needed(self._at(level), effect, self.tolerance) * self.samples

    def _at(self, level: float) -> StudentTest:
        return StudentTest(self.standard_error, self.degrees_of_freedom, level)


def seeds_needed(differences: float, effect: float, level: float = 0.05, most: int = 10_000) -> int | None:
    """The seeds at which a paired t-test finds a mean difference, the standard deviation of differences being known.

    None where more than `most` would be needed. Raises `ValueError` for an effect that is not above 0.
    """
    if effect <= 0:
        raise ValueError(f"expected an effect above 0, got {effect:g}")
    for seeds in range(2, most + 1):
        if minimum_detectable_effect(StudentTest(differences / np.sqrt(seeds), seeds - 1, level / 2)) <= effect:
            return seeds
    return None
