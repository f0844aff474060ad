"""Tests of `ptmbench.engine.datasets.objects`: data of a Python program as samples."""

import numpy as np

import ptmbench
from ptmbench.catalog.objects import holding
from ptmbench.catalog.references import parse
from ptmbench.engine.datasets.objects import load


def samples(images, labels):
    """The samples of arrays."""
    task = ptmbench.data(images, labels, name="mine")
    with holding([], [task]):
        return load(parse(task.spec.dataset), skip_bad=False)


def test_an_example_keeps_its_part():
    """Which part an example falls in depends on its content alone: order and other examples move nothing."""
    images = np.random.default_rng(0).integers(0, 255, (200, 6, 6), dtype=np.uint8)
    labels = np.arange(200) % 2
    whole, turned = samples(images, labels), samples(images[50::-1], labels[50::-1])
    parts = dict(zip(whole.ids, whole.parts, strict=True))

    assert {"train", "validation", "test"} == set(whole.parts)
    assert [parts[name] for name in turned.ids] == list(turned.parts)


def test_copies_have_ids_of_their_own_and_one_part():
    """Copies are counted apart, and stand on one side."""
    images = np.repeat(np.random.default_rng(1).integers(0, 255, (20, 6, 6), dtype=np.uint8), 2, axis=0)
    found = samples(images, np.arange(40) // 20)

    assert 40 == len(set(found.ids))
    assert found.parts[::2] == found.parts[1::2]
