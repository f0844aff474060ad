"""Tests of `ptmbench.engine.source_distance`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from ptmbench.engine.datasets import shapes
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.source_distance import frechet, moments, source_moments


def gaussian(seed, size=4):
    """The moments of a random Gaussian."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, size))
    return rng.normal(size=size), factor @ factor.T


@given(st.integers(0, 99), st.integers(0, 99))
@settings(deadline=None)
def test_the_distance_is_its_formula(first, second):
    """The distance agrees with scipy's matrix square root, in either order."""
    (mean1, cov1), (mean2, cov2) = gaussian(first), gaussian(second + 100)
    spread = (np.trace(cov1) + np.trace(cov2)) / 2

    expected = ((mean1 - mean2) ** 2).sum() + np.trace(cov1 + cov2 - 2 * np.real(sqrtm(cov1 @ cov2)))

    assert np.sqrt(expected / spread) == pytest.approx(frechet((mean1, cov1), (mean2, cov2)), abs=1e-5)
    assert frechet((mean1, cov1), (mean2, cov2)) == pytest.approx(frechet((mean2, cov2), (mean1, cov1)), abs=1e-5)


def test_a_source_is_nearest_to_itself():
    """Other images of a source lie nearer to it than those of a task or of another source."""
    again = moments(sample_images(IMAGE_SOURCES["waves"], 1_000, "again")[0])

    own = frechet(source_moments("waves"), again)

    assert own < 0.3
    assert own < frechet(source_moments("glyphs"), again)
    assert own < frechet(source_moments("waves"), moments(shapes.load().images))
