"""Tests of kept estimates: they come back to the last bit, and do not take more memory than they may."""

import numpy as np
import pytest

from ptmbench.records import kept_estimates
from ptmbench.records.kept_estimates import KeptEstimates, Packed
from ptmbench.statistics.estimates import Estimate
from ptmbench.statistics.tallies import Ratios


def estimate(seeds=(0, 1), examples=13, size=1, largest=1):
    """An estimate of so many examples; of size 1 and hits of 0 and 1 a share of them."""
    rng = np.random.default_rng(0)
    sizes = np.full(examples, size)
    return Estimate.of(
        seeds, [Ratios(np.stack([rng.integers(0, largest + 1, examples) * size, sizes], axis=1)) for _ in seeds]
    )


@pytest.mark.parametrize("found", [estimate(), estimate((3,), 1), estimate(size=2), estimate(largest=3)])
def test_estimates_come_back(found):
    """Hits, counts that are no hits, and a metric under resamplings come back as they were."""
    kept = KeptEstimates()
    kept.keep("a", found)
    back = kept.get("a")

    assert (found.seeds, found.examples, found.shares) == (back.seeds, back.examples, back.shares)
    assert found.values.tolist() == back.values.tolist()
    assert found.effects.tolist() == back.effects.tolist()
    assert found.effects.dtype == back.effects.dtype


def test_hits_take_a_bit_each():
    """A hundredth of the bytes: a float takes 64 bits."""
    found = estimate((0,), 8000)

    assert 1000 == Packed.of(found).effects.nbytes
    assert 64_000 == found.effects.nbytes


def test_what_was_not_kept_is_none():
    """An unknown key has no estimate."""
    assert KeptEstimates().get("a") is None


def test_the_oldest_goes_first(monkeypatch):
    """Beyond the limit goes what was asked for longest ago, and what is larger than all of it is kept alone."""
    monkeypatch.setattr(kept_estimates, "LARGEST", 2 * Packed.of(estimate()).size)
    kept = KeptEstimates()
    for key in "ab":
        kept.keep(key, estimate())
    kept.get("a")
    kept.keep("c", estimate())

    assert ["a", "c"] == [key for key in "abc" if kept.get(key) is not None]
    kept.keep("d", estimate(size=2))
    assert ["d"] == [key for key in "abcd" if kept.get(key) is not None]
