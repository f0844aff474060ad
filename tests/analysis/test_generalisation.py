"""Tests of means over tasks."""

import numpy as np
import pytest
from gates import COMMITTED
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.analysis.generalisation import Mean, complete_part, generalisation, shot_slopes
from ptmbench.records.store import ResultsFolder

grids = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("xy")),
    st.dictionaries(st.sampled_from(["t1", "t2", "t3", "t4"]), st.none(), max_size=4),
    max_size=8,
)


@pytest.fixture(scope="module")
def committed():
    """The committed records of the quick budget."""
    return ResultsFolder(COMMITTED).read_all()[0]


@given(grids)
def test_the_complete_part_has_no_holes(grid):
    """Whatever is missing, every row that is kept has every task that is kept."""
    rows, tasks = complete_part(grid)

    assert all(task in grid[row] for row in rows for task in tasks)


def one_by_one(grid):
    """The definition: holes are counted anew whenever a row or a task has gone."""
    rows, tasks = sorted(grid), sorted({task for cells in grid.values() for task in cells})
    while rows and tasks:
        of_rows = {row: sum(task not in grid[row] for task in tasks) / len(tasks) for row in rows}
        of_tasks = {task: sum(task not in grid[row] for row in rows) / len(rows) for task in tasks}
        row, task = max(rows, key=of_rows.__getitem__), max(tasks, key=of_tasks.__getitem__)
        if not of_rows[row]:
            break
        if of_rows[row] >= of_tasks[task]:
            rows.remove(row)
        else:
            tasks.remove(task)
    return rows, tasks


@given(grids)
def test_the_emptiest_goes_first(grid):
    """What is left is what counting all holes anew at every step leaves."""
    assert one_by_one(grid) == complete_part(grid)


def test_a_complete_grid_is_kept_whole():
    """Nothing goes where nothing is missing, and the one row with a hole goes where all others are whole."""
    whole = {("a", "x"): {"t1": None, "t2": None}, ("b", "x"): {"t1": None, "t2": None}}

    assert ([("a", "x"), ("b", "x")], ["t1", "t2"]) == complete_part(whole)
    assert ([("a", "x"), ("b", "x")], ["t1", "t2"]) == complete_part({**whole, ("c", "x"): {"t1": None}})


def test_tasks_of_one_data_set_count_once():
    """Three tasks of one data set weigh as much as one of another."""
    assert 3.0 == Mean.over({"digits": [1.0, 2.0, 3.0], "shapes": [4.0]}).value
    assert Mean.over({"digits": [1.0, 2.0]}).interval is None


def test_committed_records_are_compared_by_kind(committed):
    """Ranks lie between first and last, coverage is told, and models of several kinds are compared over them."""
    found = {comparison.kind: comparison for comparison in generalisation(committed)}

    assert {"image_classification", "text_classification", "text_classification and token_classification"} <= set(found)
    for comparison in found.values():
        count = len(comparison.rows)
        assert 0 < comparison.coverage <= 1
        assert count * (count + 1) / 2 == pytest.approx(count * np.mean([row.rank.value for row in comparison.rows]))
        assert all(row.gain is None for row in comparison.rows if row.family == "control")


def test_the_slope_of_shots_is_that_of_a_straight_line(committed):
    """Quality that rises by two points with each doubling has a slope of two points."""
    made = [
        record.model_copy(
            update={
                "quality": record.quality.model_copy(update={"value": 0.5 + 0.02 * np.log2(shots)}),
                "case": record.case.model_copy(update={"task": record.case.task.model_copy(update={"shots": shots})}),
            }
        )
        for record, shots in zip(committed, (1, 5, 10, 20), strict=False)
    ]
    made = [
        record.model_copy(
            update={
                "case": record.case.model_copy(update={"task": record.case.task.model_copy(update={"dataset": "d"})})
            }
        )
        for record in made
    ]

    assert {"d": [pytest.approx(0.02)]} == shot_slopes(made)
    assert {} == shot_slopes(made[:2])


def test_a_mean_rank_stays_among_the_places_there_are():
    """Two data sets that disagree leave an interval that reaches all places, and no further."""
    mean = Mean.over({"one": [1.0], "two": [3.0]}).within(1, 4)

    assert (2.0, (1, 4)) == (mean.value, mean.interval)
    assert Mean.over({"one": [1.0]}).within(1, 4).interval is None
