"""Tests of `ptmbench.records.cost_record`."""

import pytest

from runs import committed


@pytest.mark.parametrize(
    ("features", "training", "together"), [(1.0, 2.0, 3.0), (None, 2.0, 2.0), (1.0, None, 1.0), (None, None, None)]
)
def test_carrying_over_takes_features_and_training(features, training, together):
    """The sum of what is there of the two; nothing where neither is."""
    cost = committed().cost.model_copy(update={"feature_time_s": features, "train_time_s": training})

    assert together == cost.carry_over_time_s


@pytest.mark.parametrize(("waited", "busy"), [(None, False), (0.1, False), (0.11, True)])
def test_a_machine_is_busy_above_a_tenth(waited, busy):
    """Older records do not tell how long the process waited, and are taken at their word."""
    latency = committed().cost.latency_s.model_copy(update={"waited": waited})

    assert busy == latency.busy
