"""Tests of rankings that need no look at the task: by hand, against scipy, and on the published tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from ptmbench.recommendation.published import SOURCES, published_tables
from ptmbench.recommendation.static_ranking import kendall_tau, mean_ranks, regret, static_order

UNKNOWN = float("nan")
PUBLISHED = [  # tau, and points of regret of the first choice and of the first three; each task left out in turn
    (0.830, 0.0845, 0.0200),
    (0.668, 0.4109, 0.1264),
    (0.648, 0.7750, 0.0000),
    (0.603, 3.6293, 1.3428),
]
qualities = st.integers(2, 5).flatmap(
    lambda models: st.lists(st.lists(st.integers(0, 4), min_size=models, max_size=models), min_size=1, max_size=6)
)


def left_out_in_turn(quality):
    """The means over tasks of tau and of the regrets at 1 and at 3, by the order of models on the other tasks."""
    found = []
    for task, row in enumerate(quality):
        order = static_order(quality, left_out=task)
        others = mean_ranks(np.delete(quality, task, axis=0))
        found.append((kendall_tau(-others, row), 100 * regret(row, order, 1), 100 * regret(row, order, 3)))
    return tuple(np.mean(found, axis=0))


@pytest.mark.parametrize(("table", "expected"), list(zip(published_tables(), PUBLISHED, strict=True)), ids=[*SOURCES])
def test_published_tables_have_the_figures_of_a_static_ranking(table, expected):
    """How well other tasks foretell one: rank correlation and regret of each published table."""
    assert expected == pytest.approx(left_out_in_turn(np.array(table.accuracy)), abs=6e-4)


@given(qualities)
def test_mean_ranks_of_a_full_table_are_scipys(rows):
    """Where all is known, ranks are scipy's, 1 for the best and ties averaged."""
    expected = np.mean([rankdata(-np.array(row)) for row in rows], axis=0)

    np.testing.assert_allclose(mean_ranks(rows), expected)


@given(qualities)
def test_only_the_order_on_each_task_counts(rows):
    """Another scale of quality on a task, rising with the first, changes no rank."""
    table = np.array(rows, dtype=float)

    assert mean_ranks(table).tolist() == mean_ranks(np.exp(table) * np.arange(1, len(table) + 1)[:, None]).tolist()


def test_missing_qualities_are_left_out():
    """A model counts where it is known, ranks among few are stretched, and one known model says nothing."""
    table = [[0.9, 0.8, 0.7, UNKNOWN], [UNKNOWN, 0.2, 0.6, UNKNOWN], [UNKNOWN, UNKNOWN, 0.5, UNKNOWN]]

    assert [1.0, (2.5 + 4) / 2, (4 + 1) / 2] == mean_ranks(table)[:3].tolist()
    assert np.isnan(mean_ranks(table)[3])
    assert (0, 2, 1, 3) == static_order(table)


def test_tasks_of_one_data_set_are_left_out_together():
    """What another task of the same data set says has no say either."""
    table, groups = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.4]], ["svhn", "svhn", "pets"]

    assert (0, 1) == static_order(table, groups)
    assert (1, 0) == static_order(table, groups, "svhn")
    assert (0, 1) == static_order(table, groups, "pets")
    assert (0, 1) == static_order(table, left_out=0) == static_order(table, left_out=1)


def test_nothing_known_leaves_the_order_of_columns():
    """With the only task left out, models come as the table has them."""
    assert (0, 1, 2) == static_order([[0.1, 0.2, 0.3]], left_out=0)


def test_ties_come_in_the_order_of_columns():
    """Models of the same mean rank stay as they stand, whatever the order of the tasks."""
    table = np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.3, 0.1], [0.2, 0.1, 0.3]])

    assert (0, 1, 2) == static_order(table) == static_order(table[::-1])


def test_regret_is_what_the_best_would_have_added():
    """The best of all minus the best of the first k, unknown models passed over."""
    row = [0.5, UNKNOWN, 0.9, 0.7]

    assert [0.4, 0.2, 0.0] == pytest.approx([regret(row, (1, 0, 3, 2), k) for k in (1, 2, 3)])
    assert 0.0 == regret(row, (1, 0, 3, 2), 99)


def test_tau_knows_ties_and_gaps():
    """Tau is 1 and -1 for the same and the opposite order, None where there is nothing to order."""
    assert 1.0 == pytest.approx(kendall_tau([1, 2, 3, UNKNOWN], [10, 20, 30, 0]))
    assert -1.0 == pytest.approx(kendall_tau([1, 2, 3], [3, 2, 1]))
    assert 2 / 6**0.5 == pytest.approx(kendall_tau([1, 2, 3], [1, 1, 2]))
    assert (None, None) == (kendall_tau([1, 2], [5, 5]), kendall_tau([1, UNKNOWN], [2, 3]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_ranks([0.1, 0.2]), r"got shape \(2,\)"),
        (lambda: static_order([[0.1, 0.2]], ["a", "b"]), "groups of 1 tasks, got 2"),
        (lambda: static_order([[0.1, 0.2]], ["a"], "b"), "got 'b'"),
        (lambda: regret([0.1, 0.2], (0, 1), 0), "got k = 0 of 2"),
        (lambda: regret([0.1, UNKNOWN], (1,)), "got k = 1 of 0"),
    ],
)
def test_what_makes_no_ranking_is_refused(call, message):
    """Tables, groups and numbers of models that do not fit are refused in one line each."""
    with pytest.raises(ValueError, match=message):
        call()
