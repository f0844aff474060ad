"""Where a series of figures stepped to another level: change points by PELT, as pure functions of numbers.

The best split of a series into levels is the one with the least sum of squares plus a penalty for each level; PELT
finds it exactly (Killick, Fearnhead & Eckley 2012, "Optimal detection of changepoints with a linear computational
cost", JASA 107), here in the implementation of `ruptures`. What is added around it:

- A level lasts at least `SHORTEST` runs. What stands out for fewer is drawn in to a running median first, since squares
  would let one outlier make a level of its own neighbours.
- The noise is estimated from the series, whatever steps it has: the spread that is left around the best few levels, and
  not much above what neighbouring runs differ by (their median difference, as asv's step detection estimates it too:
  airspeed velocity, `asv/step_detect.py`). It is never less than a caller's floor.
- The penalty is `penalty(runs)` times the variance. It was set by simulation so that a flat series of normal noise is
  said to step in less than 1 % of cases, whatever its length (`benchmarks/validation/history.py`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptmbench.errors import UsageError

SHORTEST = 3  # runs that a level lasts
FEWEST = 2 * SHORTEST  # runs that a step can be told from
WINDOW = 2 * SHORTEST - 1  # of the running median: what lasts SHORTEST runs passes it whole
OUTLYING = 3.0  # standard deviations from the running median beyond which a run is drawn in
MOST_LEVELS = 4  # around which the noise is estimated
LOOSE = 1.5  # how far that estimate may lie above the one from neighbours: beyond it there are more levels than that
NEIGHBOURS = 0.9539  # the median of |a - b| of two draws from a normal distribution, in standard deviations
ROUNDING = 1e-9  # of the largest figure: differences below it are no noise but rounding
Numbers = NDArray[np.float64]


def exact_steps(values: Sequence[float]) -> list[int]:
    """The indices at which a figure that repeats exactly is another one than in the run before."""
    return [index for index in range(1, len(values)) if values[index] != values[index - 1]]


def noisy_steps(values: Sequence[float] | Numbers, floor: float = 0.0) -> tuple[list[int], float]:
    """The indices at which a new level begins, and the noise (one standard deviation, at least `floor`).

    Fewer than `FEWEST` values have no steps: whether they can be told is for the caller to say.
    """
    series = np.asarray(values, dtype=float)
    if len(series) < FEWEST:
        return [], floor
    least = max(floor, ROUNDING * float(np.abs(series).max()))
    if np.ptp(series) <= least:
        return [], floor
    drawn_in = _drawn_in(series)
    search = _search(drawn_in)
    further = range(1, min(MOST_LEVELS, len(series) // SHORTEST))
    spreads = [_around(drawn_in, search.predict(n_bkps=count)) for count in reversed(further)]  # it keeps the smaller
    noise = min(*spreads, LOOSE * near_noise(drawn_in))
    weight = penalty(len(series)) * max(noise, least) ** 2
    ends = search.predict(pen=weight)
    return [int(end) for end in ends[:-1]], max(noise, floor)


def penalty(runs: int) -> float:
    """What a further level costs, in variances: short series, whose noise is less well known, pay more."""
    return min(27.0, 15.5 + 140.0 / runs)


def near_noise(series: Numbers) -> float:
    """The noise by the median difference of runs one and two apart: steps and outliers hardly move it."""
    apart = np.abs(np.concatenate([series[1:] - series[:-1], series[2:] - series[:-2]]))
    return float(np.median(apart)) / NEIGHBOURS


def _drawn_in(series: Numbers) -> Numbers:
    """The series with what stands out for fewer than `SHORTEST` runs drawn in to the running median."""
    first = np.clip(np.arange(len(series)) - WINDOW // 2, 0, len(series) - WINDOW)
    middle = np.median(series[first[:, None] + np.arange(WINDOW)], axis=1)
    reach = OUTLYING * near_noise(series)
    return np.clip(series, middle - reach, middle + reach)


def _search(series: Numbers) -> Any:
    """The search for change points of ruptures, which has no types; a linear kernel's cost is the sum of squares."""
    try:
        from ruptures import KernelCPD  # here: it takes a second to import (scipy.stats), and few commands need it
    except ModuleNotFoundError:
        raise UsageError("steps need ruptures: pip install ruptures (it has wheels for Python below 3.14)") from None
    return KernelCPD(kernel="linear", min_size=SHORTEST).fit(series[:, None])


def _around(series: Numbers, ends: Sequence[int]) -> float:
    """The spread around the levels that end there."""
    levels = np.split(series, ends[:-1])
    squares = sum(float(((level - level.mean()) ** 2).sum()) for level in levels)
    return float(np.sqrt(squares / (len(series) - len(levels))))
