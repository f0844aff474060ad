"""Which learning rate is tried next: five neighbours on a ladder, in a window that follows the best of them.

A fixed handful of rates is best at its own end for many networks: on three values, training from scratch chose the
largest in 40 of 72 cases. Here every trained method tries equally many, and where the best lies at the end of what was
tried, the next rate is the one beyond it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

START: Final = 3  # rates in the middle of the ladder, tried whatever they score
TRIED: Final = 5


def next_rate(ladder: Sequence[float], scores: Mapping[float, float]) -> float | None:
    """The rate to try next.

    Args:
        ladder: The rates on offer, ascending.
        scores: What was tried, and its score on validation; of equals the least rate counts as the best.

    Returns:
        One of the ladder beside those tried, on the side of the best; None where enough were tried.
    """
    if len(scores) >= min(TRIED, len(ladder)):
        return None
    first = max(len(ladder) - START, 0) // 2
    waiting = [rate for rate in ladder[first : first + START] if rate not in scores]
    if waiting:
        return waiting[0]
    places = [place for place, rate in enumerate(ladder) if rate in scores]
    low, high = places[0], places[-1]
    if low == 0 or high == len(ladder) - 1:
        return ladder[high + 1] if low == 0 else ladder[low - 1]
    best = ladder.index(best_rate(scores))
    if 2 * best != low + high:
        return ladder[high + 1] if 2 * best > low + high else ladder[low - 1]
    return ladder[high + 1] if scores[ladder[high]] >= scores[ladder[low]] else ladder[low - 1]


def best_rate(scores: Mapping[float, float]) -> float:
    """The rate with the highest score, of equals the least."""
    return min(scores, key=lambda rate: (-scores[rate], rate))
