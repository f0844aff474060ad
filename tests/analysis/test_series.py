"""Tests of what a chart draws of one case."""

import pytest

from ptmbench.analysis.series import curve_of
from ptmbench.records.store import ResultsFolder
from sites import QUICK


def test_a_curve_is_the_mean_over_seeds():
    """A curve holds the mean and the range of the seeds at each number of steps."""
    quality = ResultsFolder(QUICK).read("resnet_tiny.glyphs-digits_5shot-linear_probe").quality
    points = [
        {"seed": seed, "step": step, "value": value} for seed, step, value in ((0, 1, 0.2), (1, 1, 0.4), (0, 2, 1))
    ]
    watched = type(quality).model_validate({**quality.model_dump(), "curve": points})

    assert {"x": [1, 2], "y": [pytest.approx(0.3), 1], "low": [0.2, 1], "high": [0.4, 1]} == curve_of(watched)
