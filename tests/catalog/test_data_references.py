"""Tests of data references as tasks."""

from ptmbench.catalog.data_references import task_spec


def test_a_users_name_changes_no_draw():
    """Batches and dropout are drawn by the reference, so that renaming a task moves no figure."""
    plain, named, other = (task_spec(f"csv:a.csv?shots=5{name}", ()) for name in ("", "&name=mine", "&name=yours"))

    assert plain.draws == named.draws == other.draws == plain.name
    assert ("mine_5shot", "yours_5shot") == (named.name, other.name)
    assert plain.draws != task_spec("csv:b.csv?shots=5&name=mine", ()).draws
