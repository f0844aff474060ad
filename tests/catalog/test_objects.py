"""Tests of `ptmbench.catalog.objects`: what is held for a run, and no longer."""

import threading

import pytest

import ptmbench
from ptmbench.catalog.objects import held, held_data, holding, kind_of
from ptmbench.catalog.references import parse
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UsageError

REFERENCE = parse("object:reviews?train=10")


@pytest.fixture
def reviews():
    """Texts as a task."""
    return ptmbench.data(texts=["good", "bad", "fine"], labels=[1, 0, 1], name="reviews", train=10)


def test_an_object_is_there_while_it_is_held(reviews):
    """Inside the block a reference finds the object, whatever amounts it names; after it, however it ends, nothing."""
    with pytest.raises(ZeroDivisionError), holding([], [reviews]):
        assert reviews is held_data(REFERENCE)
        assert TaskKind.TEXT_CLASSIFICATION is kind_of(REFERENCE)
        _ = 1 / 0
    with pytest.raises(UsageError, match="give the object itself to ptmbench.run again"):
        held_data(REFERENCE)


def test_runs_beside_each_other_share_nothing(reviews):
    """What one thread holds, another does not see."""
    seen = []
    with holding([], [reviews]):
        thread = threading.Thread(target=lambda: seen.append(dict(held().data)))
        thread.start()
        thread.join()
    assert [{}] == seen


def test_a_reference_says_what_is_not_as_usual():
    """A reference holds the size of a preprocessing, and whatever is not as usual."""
    plain, other = ptmbench.pictures(32), ptmbench.pictures(32, mean=(0, 0.5, 1), interpolation="bicubic", resize=40)

    assert (("size", "32"),) == plain.options()
    assert {"size": "32", "mean": "0.0,0.5,1.0", "interpolation": "bicubic", "resize": "40"} == dict(other.options())
