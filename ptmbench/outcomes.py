"""Outcomes: what came out for every test example at every seed, as arrays, and what they say of the metric."""

from collections.abc import Mapping
from typing import Any

from ptmbench.average_precision import of_boxes
from ptmbench.samples import Sample
from ptmbench.tallies import Tally, of_labels


def tallies_of(outcomes: Mapping[str, Any]) -> tuple[Tally, ...]:
    """What each test example contributes to the primary metric, one tally a seed."""
    return of_boxes(outcomes) if "found_box" in outcomes else of_labels(outcomes)


def sample_of(outcomes: Mapping[str, Any]) -> Sample:
    """The primary metric at each seed, and how it hangs on the test examples."""
    return Sample.of([int(seed) for seed in outcomes["seeds"]], tallies_of(outcomes))
