"""Tests of answers that are watched while places come and go."""

import numpy as np
import pytest
import torch

from ptmbench.engine.seeding import torch_generator
from ptmbench.engine.transfer.occlusion import GRID, Occlusion

SIDE = 32
CORNER = (slice(None), slice(0, 8), slice(0, 8))


def sees_a_corner(pictures):
    """How strongly the upper left corner differs from place to place speaks for the first of two classes."""
    spread = pictures[:, :, 1:8, :7] - pictures[:, :, :7, 1:8]
    evidence = 60 * spread.abs().mean(dim=(1, 2, 3)) - 10
    return torch.stack([evidence, torch.zeros_like(evidence)], dim=1)


@pytest.fixture
def watched():
    """Noisy pictures, all of them taken for the first class."""
    pictures = torch.rand(200, 3, SIDE, SIDE, generator=torch_generator("occluded"))
    return Occlusion(sees_a_corner, pictures, torch.zeros(200, dtype=torch.int64), np.random.default_rng(0))


def test_uniform_maps_gain_nothing(watched):
    """What calls all places equally important is as good as a random order, up to .02."""
    deleted, inserted = watched.gains(np.ones((200, SIDE, SIDE)))

    assert pytest.approx(0, abs=0.02) == deleted.mean()
    assert pytest.approx(0, abs=0.02) == inserted.mean()


def test_the_places_that_matter_gain(watched):
    """Naming the places that the network reads makes answers fall and come at once; naming the others is worse."""
    right = np.zeros((200, SIDE, SIDE))
    right[CORNER] = 1
    deleted, inserted = watched.gains(right)
    worse = watched.gains(1 - right)

    assert min(deleted.mean(), inserted.mean()) > 0.2
    assert max(each.mean() for each in worse) < 0


def test_pictures_smaller_than_the_grid_have_a_cell_a_pixel():
    """Of a picture of 8 x 8 every pixel comes and goes alone."""
    pictures = torch.rand(2, 3, 8, 8, generator=torch_generator("small"))
    small = Occlusion(lambda given: given.mean(dim=(2, 3)), pictures, torch.tensor([0, 1]), np.random.default_rng(0))

    assert 8 == small.grid < GRID
    assert (2,) == small.gains(np.ones((2, 8, 8)))[0].shape
