"""Outcomes: what came out for every test example at every seed, as arrays, and what they say of the metric."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptmbench.statistics.average_precision import of_boxes
from ptmbench.statistics.calibration import FIGURES, KEPT, TEMPERATURE, TRUE, calibration_of
from ptmbench.statistics.estimates import Estimate
from ptmbench.statistics.tallies import Ratios, Tally, of_labels

CORRUPTED_PARTS = "corrupted_parts"  # what each test example adds over all corruptions together [seeds, n, 2]


def tallies_of(outcomes: Mapping[str, Any]) -> tuple[Tally, ...]:
    """What each test example contributes to the primary metric, one tally a seed."""
    return of_boxes(outcomes) if "found_box" in outcomes else of_labels(outcomes)


def corrupted_estimate_of(outcomes: Mapping[str, Any]) -> Estimate | None:
    """The primary metric over all corruptions together at each seed; None where none was asked for."""
    if CORRUPTED_PARTS not in outcomes:
        return None
    tallies = [Ratios(np.asarray(parts, dtype=np.int64)) for parts in outcomes[CORRUPTED_PARTS]]
    return Estimate.of([int(seed) for seed in outcomes["seeds"]], tallies)


def mean_calibration(outcomes: Mapping[str, Any]) -> dict[str, float] | None:
    """The figures of `ptmbench.statistics.calibration`, mean over seeds (of temperatures the geometric one).

    None where no probabilities are kept.
    """
    if TRUE not in outcomes:
        return None
    kept = [name for name in KEPT if name in outcomes]
    right = np.asarray(outcomes["predictions"]) == np.asarray(outcomes["truth"])
    rows = [calibration_of({name: outcomes[name][seed] for name in kept}, row) for seed, row in enumerate(right)]
    found: dict[str, float] = {name: float(np.mean([row[name] for row in rows])) for name in FIGURES if name in rows[0]}
    if TEMPERATURE in outcomes:
        found[TEMPERATURE] = float(np.exp(np.log(outcomes[TEMPERATURE]).mean()))
    return found


def estimate_of(outcomes: Mapping[str, Any]) -> Estimate:
    """The primary metric at each seed, and how it hangs on the test examples."""
    return Estimate.of([int(seed) for seed in outcomes["seeds"]], tallies_of(outcomes))
