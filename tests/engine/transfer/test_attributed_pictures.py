"""Tests of pictures whose answers are explained."""

import numpy as np
import pytest
import torch
from probes import probed

from ptmbench.engine.transfer.answering import answering_network
from ptmbench.engine.transfer.attributed_pictures import ExplainedPictures


@pytest.fixture
def asked(bench):
    """Digits as they are: white ink on black, enlarged to what the network takes."""
    case, run = probed(bench, "digits_full")
    return ExplainedPictures.of(bench, case, answering_network(bench, case, run), np.arange(24))


def test_masks_are_cut_and_scaled_as_pictures_are(asked):
    """The scans of digits are enlarged fourfold; the ink stays where the digit is."""
    bright = asked.pictures.mean(dim=1).numpy()

    assert bright.shape == asked.masks.shape
    assert bright[asked.masks].mean() > 3 * bright[~asked.masks].mean()
    assert asked.inside(bright).mean() > 2


def test_controls_know_no_network(asked):
    """Three of them, of the pictures' size, the same whatever the network is."""
    other = ExplainedPictures(torch.nn.Identity(), asked.pictures, asked.answers, None)
    first, second = (each.controls(np.random.default_rng(0)) for each in (asked, other))

    assert ["random", "edges", "centre"] == [*first]
    assert {asked.masks.shape} == {each.shape for each in first.values()}
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_pictures_without_their_object_are_left_out(asked):
    """Where a crop has lost the object nothing is said of the mass on it."""
    lost = asked.masks.copy()
    lost[:4] = False
    some = ExplainedPictures(asked.network, asked.pictures, asked.answers, lost)
    none = ExplainedPictures(asked.network, asked.pictures, asked.answers, np.zeros_like(lost))
    uniform = np.ones(lost.shape)

    assert (20,) == some.inside(uniform).shape
    assert none.inside(uniform) is None
