"""Tests of limits: who misses them and by what."""

import pytest

from ptmbench.recommendation.limits import MIB, Limits, ModelCost, faults_of, misses, nearest, none_left

LIMITS = Limits(latency_p95_s=0.02, size_bytes=50 * MIB, licences=("mit",))


def test_a_model_that_keeps_everything_misses_nothing():
    """Measured values up to the limit are within it."""
    assert [] == misses(ModelCost("MIT", latency_p95_s=0.02, size_bytes=50 * MIB), LIMITS)


def test_each_miss_says_what_was_measured_and_what_is_allowed():
    """All of them at once, in the units of the options."""
    found = [miss.reason for miss in misses(ModelCost("GPL-3.0", latency_p95_s=0.0316, size_bytes=60 * MIB), LIMITS)]

    assert [
        "licence GPL-3.0, allowed: mit",
        "latency p95 31.6 ms, at most 20 ms",
        "size 60 MiB, at most 50 MiB",
    ] == found


def test_what_cannot_be_measured_keeps_no_limit():
    """An unknown latency is no small one."""
    assert ["latency p95 could not be measured, at most 20 ms"] == [
        miss.reason for miss in misses(ModelCost("MIT", size_bytes=1.0), LIMITS)
    ]


def test_the_nearest_is_who_misses_least():
    """Fewer misses come first, then smaller ones; the message names the model and what it misses."""
    missed = {
        "far": misses(ModelCost("MIT", latency_p95_s=0.2, size_bytes=1.0), LIMITS),
        "near": misses(ModelCost("MIT", latency_p95_s=0.03, size_bytes=1.0), LIMITS),
        "both": misses(ModelCost("MIT", latency_p95_s=0.021, size_bytes=51 * MIB), LIMITS),
    }

    assert "near" == nearest(missed)
    assert "none of 3 models keeps all limits; the nearest is near: latency p95 30 ms, at most 20 ms" == none_left(
        missed
    )


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_limits_that_nothing_keeps_are_refused(value):
    """Zero, less, endless and no number are no limits."""
    assert ["expected a latency p95 above 0 ms at most"] == [
        fault.partition(", got")[0] for fault in faults_of(Limits(latency_p95_s=value), ())
    ]


def test_an_unknown_licence_is_told_with_near_ones():
    """A typo in a licence would else drop every model."""
    [fault] = faults_of(Limits(licences=("apache2",)), ["MIT", "Apache-2.0"])

    assert "no model has the licence 'apache2': did you mean apache-2.0?" == fault
