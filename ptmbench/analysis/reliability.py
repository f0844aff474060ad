"""The share of right answers against confidence: the figures of a case's reliability diagram."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ptmbench.statistics.calibration import TEMPERED, TOP, reliability_bins

LINES: Final = {"as it is": TOP, "behind its temperature": TEMPERED}


def reliability_of(outcomes: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """The lines of the diagram of a case, over all seeds together.

    Args:
        outcomes: Its arrays, of newer records with what was believed of each test label [seeds, n].

    Returns:
        By the name of a line `x`, the mean confidence of each bin, `y`, its accuracy, and `count`, its labels; nothing
        where no probabilities are kept.
    """
    found = {}
    for line, name in LINES.items():
        if name in outcomes:
            top = np.asarray(outcomes[name], dtype=np.float64)
            right = np.asarray(outcomes["predictions"]) == np.asarray(outcomes["truth"])
            seen = np.isfinite(top)
            bins = reliability_bins(np.exp(top[seen]), right[seen])
            found[line] = dict(zip(("x", "y", "count"), (values.tolist() for values in bins), strict=True))
    return found
