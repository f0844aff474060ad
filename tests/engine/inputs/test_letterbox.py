"""Tests of the square input of detectors and segmenters, and of the way back."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ptmbench.engine.datasets.annotated import rgb
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.files.masks import IGNORED

LETTERBOX = Letterbox(64, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
SIZES = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(SIZES)
def test_the_whole_picture_is_seen(size):
    """The longer side fills the square; the rest is the mean colour, which normalises to 0."""
    white = torch.full((1, 3, *size), 255, dtype=torch.uint8)

    seen = LETTERBOX.apply(white)[0]
    height, width = LETTERBOX.inner(size)

    assert 64 == max(height, width)
    assert torch.allclose(seen[:, :height, :width], torch.tensor(2.0))
    assert not seen[:, height:].any()
    assert not seen[:, :, width:].any()


@given(SIZES, st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_boxes_come_back(size, edges):
    """A box goes into the square and comes back to its own pixels, inside the picture."""
    height, width = size
    left, right = sorted(edge * width for edge in edges[:2])
    top, bottom = sorted(edge * height for edge in edges[2:])
    box = np.array([[left, top, right, bottom]], dtype=np.float32)

    inside = LETTERBOX.boxes(box, size)

    assert 64 + 1e-3 > float(inside.max())
    assert box == pytest.approx(LETTERBOX.boxes_back(inside, size), abs=1e-2)


@given(SIZES)
def test_masks_come_back_at_their_own_size(size):
    """Halves of a picture are the same halves after the square; what lies beside the picture does not count."""
    width = size[1]
    mask = np.zeros(size, dtype=np.uint8)
    mask[:, width // 2 :] = 1
    square = LETTERBOX.mask(mask)
    scores = torch.nn.functional.one_hot(torch.where(square == IGNORED, 0, square), 2).permute(2, 0, 1).float()

    back = LETTERBOX.mask_back(scores, size)

    assert size == back.shape
    edge = max(1, 2 * max(size) // 64)
    assert not back[:, : max(width // 2 - edge, 0)].any()
    assert back[:, width // 2 + edge :].all()
    inner = LETTERBOX.inner(size)
    assert (IGNORED == square[inner[0] :]).all()
    assert (IGNORED == square[:, inner[1] :]).all()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "LA", "1"])
def test_any_picture_is_read_as_rgb(tmp_path, mode):
    """Grey, palettes, transparency: three channels of the stored colours."""
    Image.new("RGB", (9, 5), (255, 255, 255)).convert(mode).save(tmp_path / "a.png")

    assert (5, 9, 3) == rgb(tmp_path / "a.png").shape
    found = LETTERBOX.finish(LETTERBOX.read(tmp_path / "a.png")[None])
    assert (1, 3, 64, 64) == found.shape
    assert 2.0 == pytest.approx(float(found.max()))


def test_rows_of_any_sizes_are_finished_together():
    """Each picture of a batch fills its own part of the square, as far as it does alone; the rest is the mean."""
    pictures = [torch.randint(0, 255, (1, 3, *size), dtype=torch.uint8) for size in ((5, 9), (300, 200), (64, 64))]
    together = LETTERBOX.finish(torch.cat([LETTERBOX.rows(picture) for picture in pictures]))

    for picture, found in zip(pictures, together, strict=True):
        height, width = LETTERBOX.inner(tuple(picture.shape[-2:]))
        torch.testing.assert_close(LETTERBOX.apply(picture)[0], found, rtol=0, atol=0)
        assert not found[:, height:].any()
        assert not found[:, :, width:].any()
        assert found[:, :height, :width].any()


def test_a_rotation_in_the_metadata_is_left_alone(tmp_path):
    """Boxes are drawn on the stored pixels: EXIF's orientation turns nothing."""
    picture = Image.new("RGB", (9, 5))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    picture.save(tmp_path / "a.jpg", exif=exif)

    assert (5, 9, 3) == rgb(tmp_path / "a.jpg").shape
