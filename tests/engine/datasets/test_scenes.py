"""Tests of the generated scenes: boxes and masks are exact, and say the same."""

import numpy as np
import pytest

from ptmbench.engine.datasets import scenes
from ptmbench.engine.datasets.scenes import CLASSES, PARTS, SEEN, SIDE
from ptmbench.engine.seeding import numpy_generator


@pytest.fixture(scope="module")
def both():
    """The scenes with boxes and with masks."""
    return scenes.load_boxes(), scenes.load_masks()


def test_boxes_and_masks_are_of_the_same_scenes(both):
    """Equal pictures in equal parts; every box is filled by its class up to all four edges, and holds all of it."""
    boxed, masked = both

    assert boxed.ids == masked.ids
    assert (boxed.pictures.stored == masked.pictures.stored).all()
    assert dict(PARTS) == {part: boxed.parts.count(part) for part, _ in PARTS}
    for boxes, labels, mask in zip(boxed.boxes, boxed.box_labels, masked.masks, strict=True):
        left = mask.copy()
        for (x0, y0, x1, y1), label in zip(boxes.astype(int), labels, strict=True):
            inside = mask[y0:y1, x0:x1] == label + 1
            assert inside[0].any()
            assert inside[-1].any()
            assert inside[:, 0].any()
            assert inside[:, -1].any()
            left[y0:y1, x0:x1] = 0
        assert not left.any()


def test_scenes_are_as_they_are_described(both):
    """Two to four shapes, five classes about equally often, overlaps, and boxes inside the picture."""
    boxed, _ = both
    counts = boxed.lengths.numpy()
    shares = np.bincount(boxed.labels.numpy(), minlength=len(CLASSES)) / counts.sum()
    everything = np.concatenate(boxed.boxes)

    assert {2, 3, 4} == set(counts.tolist())
    assert 0.15 < shares.min() < shares.max() < 0.25
    assert 0 <= everything.min() < everything.max() <= SIDE
    assert 0.1 < np.mean([overlapping(boxes) for boxes in boxed.boxes])


def overlapping(boxes):
    """Whether any two boxes of a picture overlap."""
    corner = np.maximum(boxes[:, None, :2], boxes[None, :, :2]) < np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    return corner.all(axis=2).sum() > len(boxes)


def test_a_hidden_shape_stays_to_be_seen():
    """At least half of each shape's pixels are its own: what hides more is placed elsewhere."""
    for number in range(30):
        rng = numpy_generator(f"scenes/test/{number}")
        _, coverages = scenes._arranged(rng)
        seen = scenes._visible(coverages)
        for mine, coverage in zip(seen, coverages, strict=True):
            assert mine.sum() >= SEEN * (coverage > 0.5).sum()


def test_a_scene_depends_on_its_name_alone():
    """Drawn again, a scene is the same to the last bit."""
    first, second = (scenes.draw(numpy_generator("scenes/train/7")) for _ in range(2))

    assert (first.picture == second.picture).all()
    assert (first.seen == second.seen).all()
    assert first.labels == second.labels
