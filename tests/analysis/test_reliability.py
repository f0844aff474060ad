"""Tests of the figures of reliability diagrams."""

import numpy as np
import pytest

from ptmbench.analysis.reliability import reliability_of
from ptmbench.statistics.calibration import TEMPERED, TOP


def test_the_bins_hold_every_label_that_was_seen():
    """All seeds count together, words that were cut off are left out, and the gaps come to the calibration error."""
    rng = np.random.default_rng(0)
    top = rng.uniform(0.3, 1.0, size=(3, 200))
    right = rng.random((3, 200)) < top**2
    logs = np.log(top)
    logs[:, :5] = np.nan
    outcomes = {TOP: logs, TEMPERED: 2 * logs, "predictions": np.where(right, 1, 0), "truth": np.ones(200, dtype=int)}

    found = reliability_of(outcomes)

    assert ["as it is", "behind its temperature"] == [*found]
    for line in found.values():
        assert 15 == len(line["x"]) == len(line["y"])
        assert 585 == sum(line["count"])
        assert line["x"] == sorted(line["x"])
    gaps = [abs(x - y) * n for x, y, n in zip(*(found["as it is"][name] for name in ("x", "y", "count")), strict=True)]
    assert 0.12 < sum(gaps) / 585 < 0.25
    assert pytest.approx(found["as it is"]["y"]) == found["behind its temperature"]["y"]


def test_older_outcomes_have_no_diagram():
    """Where no probabilities are kept there is nothing to draw."""
    assert {} == reliability_of({"predictions": np.zeros((1, 3)), "truth": np.zeros(3)})
