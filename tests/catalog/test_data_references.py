"""Tests of data references as tasks."""

import pytest

from ptmbench.catalog.builtin import TASKS
from ptmbench.catalog.data_references import on_validation, scored_on_validation, task_spec
from ptmbench.errors import UsageError


def test_a_users_name_changes_no_draw():
    """Batches and dropout are drawn by the reference, so that renaming a task moves no figure."""
    plain, named, other = (task_spec(f"csv:a.csv?shots=5{name}", ()) for name in ("", "&name=mine", "&name=yours"))

    assert plain.draws == named.draws == other.draws == plain.name
    assert ("mine_5shot", "yours_5shot") == (named.name, other.name)
    assert plain.draws != task_spec("csv:b.csv?shots=5&name=mine", ()).draws


@pytest.mark.parametrize(
    ("typed", "plain"),
    [("digits_5shot?score=validation", "digits_5shot"), ("csv:a.csv?shots=5&score=validation", "csv:a.csv?shots=5")],
)
def test_a_task_scored_on_validation_is_another_task_with_the_same_draws(typed, plain):
    """Its name and data set differ, so that no table mixes the two; draws and batches are those of the task itself."""
    scored, task = task_spec(typed, TASKS), task_spec(plain, TASKS)

    assert on_validation(task) == scored
    assert f"{task.name}.validation" == scored.name
    assert task.draws == scored.draws
    assert (False, True) == (scored_on_validation(task.dataset), scored_on_validation(scored.dataset))


def test_only_the_validation_part_can_be_scored_in_place_of_the_test_part():
    """Another part is refused with what is expected."""
    with pytest.raises(UsageError, match="expected score=validation, got score=train"):
        task_spec("digits_full?score=train", TASKS)
