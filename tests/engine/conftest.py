"""Data sets that are smaller than those that ship, for what hangs on no figure."""

from dataclasses import fields, replace
from functools import partial
from itertools import compress

import numpy as np
import pytest
import torch

from ptmbench.engine.datasets.builtin import DATASETS

THINNED = ("digits", "sentiment", "topic", "ner")


def thinned_out(load):
    """A quarter of a data set, drawn at random: whatever the order was, it has examples of all classes."""
    samples = load()
    kept = np.random.default_rng(0).random(len(samples.ids)) < 0.25
    found = {}
    for field in fields(samples):
        value = getattr(samples, field.name)
        if isinstance(value, torch.Tensor):
            found[field.name] = value[torch.from_numpy(kept)]
        elif isinstance(value, tuple) and len(value) == len(kept):
            found[field.name] = tuple(compress(value, kept))
    return replace(samples, **found)


@pytest.fixture
def thinned(monkeypatch):
    """Lets a workbench of the test's own find a quarter of the examples, which is enough for any number of shots."""
    for name in THINNED:
        monkeypatch.setitem(DATASETS, name, partial(thinned_out, DATASETS[name]))
