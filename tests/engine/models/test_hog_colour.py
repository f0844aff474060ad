"""Tests of `ptmbench.engine.models.hog_colour`: gradients by orientation and joint colours, by hand and by loops."""

import math

import numpy as np
import pytest
import torch

from ptmbench.catalog.builtin import MODELS
from ptmbench.engine.models.hog_colour import CELL, COLOURS, GRADIENTS, SIDE, blocks_of, cells_of, colours_of
from ptmbench.engine.models.provider import provider_of

SPEC = next(model for model in MODELS if model.name == "hog_colour")


def noise(*shape, seed=0):
    """Numbers from 0 to 1."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def cells_by_loops(picture):
    """What `cells_of` says of one picture [3, h, w], pixel by pixel; edges have no gradient across them."""
    _, height, width = picture.shape
    cells = np.zeros((9, height // CELL, width // CELL))
    for y in range(height):
        for x in range(width):
            down = picture[:, y + 1, x] - picture[:, y - 1, x] if 0 < y < height - 1 else np.zeros(3)
            right = picture[:, y, x + 1] - picture[:, y, x - 1] if 0 < x < width - 1 else np.zeros(3)
            steep = np.argmax(down**2 + right**2)
            degrees = math.degrees(math.atan2(down[steep], right[steep])) % 180
            for bin_, middle in ((b, 20 * b + 10) for b in range(9)):
                apart = min(abs(degrees - middle), 180 - abs(degrees - middle))
                share = max(0, 1 - apart / 20)
                cells[bin_, y // CELL, x // CELL] += share * math.hypot(down[steep], right[steep]) / CELL**2
    return cells


def test_votes_are_those_of_a_loop_over_pixels():
    """Orientations, shares and lengths of noise are what a loop over pixels gives."""
    pictures = noise(2, 3, 16, 24)

    expected = torch.from_numpy(np.stack([cells_by_loops(picture.double().numpy()) for picture in pictures])).float()

    torch.testing.assert_close(cells_of(pictures), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("place", range(9))
def test_a_slope_votes_for_its_own_orientation(place):
    """Inside a slope at the middle of a bin each cell of a block holds 0.5 there and nothing elsewhere."""
    angle = math.radians(10 + 20 * place)
    down, right = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    slope = (math.sin(angle) * down + math.cos(angle) * right) / 200 + 0.4

    blocks = blocks_of(cells_of(slope.expand(1, 3, -1, -1))).reshape(9, 4, 7, 7)[..., 1:-1, 1:-1]

    expected = torch.zeros(9, 4, 5, 5)
    expected[place] = 0.5
    torch.testing.assert_close(blocks, expected, atol=1e-3, rtol=0)


def test_a_flat_picture_has_no_gradients():
    """Without edges all gradients are 0, and none is divided by nothing."""
    assert not blocks_of(cells_of(torch.full((1, 3, 64, 64), 0.3))).any()


def test_colours_are_counted_in_quarters():
    """A quarter of one colour has all of its weight there; of two colours in equal parts each has the root of 1/2."""
    picture = torch.zeros(1, 3, 64, 64)
    picture[:, 0, :, :32] = 1.0  # red on the left, black on the right
    picture[:, 2, 32:48, 32:] = 1.0  # half of the last quarter blue

    counts = colours_of(picture).reshape(4, 4, 4, 4)

    expected = torch.zeros(4, 4, 4, 4)
    expected[0, 3, 0, 0] = expected[2, 3, 0, 0] = expected[1, 0, 0, 0] = 1.0
    expected[3, 0, 0, 0] = expected[3, 0, 0, 3] = math.sqrt(0.5)
    torch.testing.assert_close(counts, expected)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (32, 32), (300, 451)])
def test_pictures_of_every_size_give_the_same_features(height, width):
    """Small and large pictures have as many finite features, each by itself what it has in a batch, at every seed."""
    pictures = (255 * noise(3, 3, height, width)).to(torch.uint8)
    model, again = (provider_of(SPEC).build(SPEC, seed) for seed in (0, 1))
    inputs = model.preprocessing.apply(pictures)

    features = model.backbone(inputs)

    assert (3, 3, SIDE, SIDE) == tuple(inputs.shape)
    assert (3, GRADIENTS + COLOURS) == tuple(features.shape)
    assert model.backbone.feature_size == features.shape[1]
    assert bool(torch.isfinite(features).all())
    assert torch.equal(features, again.backbone(inputs))
    torch.testing.assert_close(features[1:2], model.backbone(inputs[1:2]))
