"""Tests of `ptmbench.files.splits`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.errors import Unavailable
from ptmbench.files.splits import (
    FEW,
    Split,
    draw,
    folds,
    split_by_hash,
    split_by_parts,
    stratified,
    unread_test,
    with_validation,
)

ids = st.lists(st.text(max_size=8), unique=True, max_size=60)


@given(ids)
def test_parts_are_disjoint_and_cover_everything(names):
    """Every sample falls in exactly one part."""
    split = split_by_hash(names)

    assert list(range(len(names))) == sorted(split.train + split.validation + split.test)


@given(ids, st.randoms())
def test_reordering_moves_no_sample(names, random):
    """A sample's part depends on its id alone."""
    shuffled = random.sample(names, len(names))

    before, after = split_by_hash(names), split_by_hash(shuffled)

    assert {names[i] for i in before.test} == {shuffled[i] for i in after.test}
    assert {names[i] for i in before.validation} == {shuffled[i] for i in after.validation}


def test_half_is_for_test():
    """About half of many samples is for test and a tenth for validation."""
    split = split_by_hash([f"sample/{index}" for index in range(10_000)])

    assert len(split.test) == pytest.approx(5_000, abs=200)
    assert len(split.validation) == pytest.approx(1_000, abs=120)


def test_an_id_twice_is_refused():
    """Two samples of one id would fall in one part and be two."""
    with pytest.raises(ValueError, match="different sample ids"):
        split_by_hash(["a", "a"])


@given(st.integers(0, 5), st.randoms())
def test_draws_are_nested_balanced_and_stable(seed, random):
    """A small draw is part of a larger one, has as many of each class, and does not depend on the order."""
    names = [f"n{index}" for index in range(90)]
    labels = [index % 3 for index in range(90)]
    pool = list(range(0, 90, 1))
    shuffled = random.sample(pool, len(pool))

    small, large = draw(names, labels, pool, 2, seed), draw(names, labels, shuffled, 7, seed)

    assert set(small) <= set(large)
    assert [2, 2, 2] == [sum(labels[i] == label for i in small) for label in range(3)]
    assert large == draw(names, labels, pool, 7, seed)


def test_seeds_draw_differently():
    """Another seed sees other examples."""
    names, labels = [f"n{index}" for index in range(90)], [0] * 90

    assert draw(names, labels, range(90), 5, 0) != draw(names, labels, range(90), 5, 1)


def test_too_few_examples_are_named():
    """A class with fewer examples than shots is named with its count."""
    with pytest.raises(Unavailable, match="expected 3 training examples in each class: class 1 has 1"):
        draw(["a", "b", "c", "d"], [0, 0, 0, 1], range(4), 3, 0)


def test_few_examples_leave_one_to_choose_by():
    """Where the hashes would hold out none, one training example is; of a single one none can be."""
    for count in range(2, 8):
        split = with_validation(
            split_by_parts(("train",) * count + ("test",)), [f"{count}/{n}" for n in range(count + 1)]
        )
        assert 1 <= len(split.validation) < count
        assert count == len(split.train) + len(split.validation)
    assert () == with_validation(split_by_parts(("train", "test")), ["a", "b"]).validation


def test_a_set_may_bring_its_own_split():
    """Samples fall in the parts that the set names, in its order."""
    split = split_by_parts(("train", "test", "validation", "train", "test"))

    assert Split(train=(0, 3), validation=(2,), test=(1, 4)) == split


@given(st.lists(st.integers(1, FEW + 5), min_size=2, max_size=6))
def test_a_small_class_is_divided_like_a_large_one(sizes):
    """A class of few examples has half of them for test and one or more to learn from; large ones stay as hashed."""
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    names = [f"{label}/{index}" for index, label in enumerate(labels)]
    hashed = split_by_hash(names)

    split = stratified(hashed, names, labels)

    assert list(range(len(names))) == sorted(split.train + split.validation + split.test)
    for label, size in enumerate(sizes):
        parts = [[i for i in part if labels[i] == label] for part in (split.train, split.validation, split.test)]
        if size < FEW:
            assert (size // 2, True) == (len(parts[2]), len(parts[0]) >= 1)
        else:
            before = [
                [i for i in part if labels[i] == label] for part in (hashed.train, hashed.validation, hashed.test)
            ]
            assert before == parts


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30))
def test_no_class_is_held_out_whole(labels):
    """The fifth of the training part that becomes the validation part leaves every class an example to learn from."""
    names = [f"n{index}" for index in range(len(labels))]
    everything = tuple(range(len(labels)))

    split = with_validation(Split(everything, (), ()), names, labels)

    assert set(labels) == {labels[index] for index in split.train}
    assert (len(set(labels)) < len(labels)) == bool(split.validation)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 8), st.booleans())
def test_folds_hold_out_each_example_once_and_share_classes_out(labels, count, one_label):
    """Parts differ by one example at most, as do their shares of a class; the order of examples moves nothing."""
    names = [f"n{index}" for index in range(len(labels))]
    pool = range(len(labels))

    found = folds(names, labels if one_label else None, pool, count)

    assert sorted(index for part in found for index in part) == list(pool)
    assert min(count, len(labels)) == len(found)
    assert max(map(len, found)) - min(map(len, found)) <= 1
    assert found == folds(names, labels if one_label else None, list(reversed(pool)), count)
    if one_label:
        for label in set(labels):
            shares = [sum(labels[index] == label for index in part) for part in found]
            assert max(shares) - min(shares) <= 1


@given(ids, st.data())
def test_what_is_scored_on_validation_never_sees_the_test_part(names, data):
    """The validation part takes the place of the test part, which is in none; no class loses its last example."""
    split = split_by_hash(names)
    labels = data.draw(st.lists(st.integers(0, 3), min_size=len(names), max_size=len(names)))

    scored = unread_test(split, names, labels)

    assert split.validation == scored.test
    assert sorted(split.train) == sorted(scored.train + scored.validation)
    assert {labels[index] for index in split.train} == {labels[index] for index in scored.train}
