"""What a chart draws of one case: its learning curve, and what is left of it on corrupted test examples."""

from collections import defaultdict

import numpy as np

from ptmbench.records.record import Quality


def curve_of(quality: Quality) -> dict[str, list[float]]:
    """The learning curve: steps, the mean over seeds, and the lowest and the highest seed at each."""
    by_step: defaultdict[int, list[float]] = defaultdict(list)
    for point in quality.curve:
        by_step[point.step].append(point.value)
    steps = sorted(by_step)
    return {
        "x": [float(step) for step in steps],
        "y": [float(np.mean(by_step[step])) for step in steps],
        "low": [min(by_step[step]) for step in steps],
        "high": [max(by_step[step]) for step in steps],
    }


def corrupted_of(quality: Quality) -> dict[str, dict[str, list[float]]]:
    """The metric by severity, for each corruption and the mean over all ("all"); severity 0 is the clean test split."""
    by_name: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for found in quality.corrupted:
        for name in (found.corruption, "all"):
            by_name[name][found.severity].append(found.value)
    return {
        name: {
            "x": [0.0, *(float(severity) for severity in sorted(levels))],
            "y": [quality.value, *(float(np.mean(levels[severity])) for severity in sorted(levels))],
        }
        for name, levels in by_name.items()
    }
