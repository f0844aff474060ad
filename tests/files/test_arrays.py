"""Tests of `ptmbench.files.arrays`: labelled pictures and texts in memory."""

import numpy as np
import pytest
import torch
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.arrays import read_arrays

GREY = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = [0, 1, 0, 1, 0, 1]


class Pairs:
    """A data set as torch has them: a length, and pairs by number."""

    def __init__(self, pairs, classes=None):
        self.pairs = pairs
        if classes:
            self.classes = classes

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]


COLOUR = np.repeat(GREY[:, None], 3, axis=1)


@pytest.mark.parametrize(
    "images",
    [
        GREY,
        COLOUR,
        COLOUR.transpose(0, 2, 3, 1),
        GREY[..., None],
        GREY[:, None],
        GREY / np.float32(255),
        torch.from_numpy(GREY),
        torch.from_numpy(COLOUR) / 255,
        [Image.fromarray(grey) for grey in GREY],
        list(torch.from_numpy(COLOUR)),
    ],
    ids=["grey", "first", "last", "one_last", "one_first", "floats", "tensor", "float_tensor", "pillow", "list"],
)
def test_all_forms_give_the_same_pictures(images):
    """Grey or colour, channels first or last, levels or shares, arrays, tensors or Pillow: one content."""
    found = read_arrays(images, LABELS)

    assert (np.uint8, (6, 3, 4, 5)) == (found.pixels.dtype, found.pixels.shape)
    assert np.array_equal(COLOUR, found.pixels)
    assert read_arrays(GREY, LABELS).sha256 == found.sha256


def test_data_sets_of_pairs():
    """A data set is read from end to end, its classes named as it names them."""
    pairs = [(Image.fromarray(grey), label) for grey, label in zip(GREY, LABELS, strict=True)]
    found = read_arrays(Pairs(pairs, classes=["cat", "dog"]))

    assert (("cat", "dog"), tuple(LABELS)) == (found.classes, found.labels)
    assert np.array_equal(COLOUR, found.pixels)
    assert ("0", "1") == read_arrays(Pairs(pairs)).classes


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b", "a", "b", "a"], ("a", "b")),
        ([10, 9, 10, 9, 10, 9], ("9", "10")),
        (np.array([10, 9] * 3), ("9", "10")),
        (torch.tensor([10, 9] * 3), ("9", "10")),
        ([torch.tensor(value) for value in (10, 9)] * 3, ("9", "10")),
        ([True, False] * 3, ("False", "True")),
    ],
)
def test_classes_are_values_in_order(labels, classes):
    """Labels are classes by value, never indices: numbers in the order of numbers."""
    found = read_arrays(GREY, labels)

    assert (classes, (1, 0, 1, 0, 1, 0)) == (found.classes, found.labels)


def test_texts():
    """Texts with labels, and a test part that stays apart."""
    found = read_arrays(texts=["fine", "bad", "good"], labels=["+", "-", "+"], test=(["poor"], ["-"]))

    assert (("fine", "bad", "good", "poor"), (0, 1, 0, 1)) == (found.texts, found.labels)
    assert (False, False, False, True) == found.test


def test_copies_in_the_test_part_are_warned_of():
    """Test examples that stand in the training part too are counted aloud."""
    with pytest.warns(UserWarning, match="2 of 3 test examples"):
        read_arrays(GREY, LABELS, test=(np.concatenate([GREY[:2], GREY[:1] + 200]), [0, 1, 0]))


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        ({}, ["images=... or texts=..."]),
        ({"images": GREY}, ["labels are missing"]),
        ({"images": GREY, "labels": LABELS[:5]}, ["6 images and 5 labels"]),
        ({"images": GREY, "labels": [1] * 6}, ["every label is 1: expected at least two classes"]),
        ({"images": GREY.astype(np.int64), "labels": LABELS}, ["images are int64: expected uint8, or floats in"]),
        ({"images": GREY.astype(float), "labels": LABELS}, ["floats from 0 to 119.*divide levels by 255"]),
        ({"images": GREY - 1.5, "labels": LABELS}, ["floats from -1.5"]),
        ({"images": np.full((6, 4, 5), np.nan), "labels": LABELS}, ["120 values of the images are NaN"]),
        ({"images": GREY[:, None, :3].repeat(3, axis=1)[..., :3], "labels": LABELS}, ["channels first or last"]),
        (
            {"images": np.zeros((6, 4, 5, 4), np.uint8), "labels": LABELS},
            [r"expected images \[n, h, w\].*\[6, 4, 5, 4\]"],
        ),
        ({"images": [GREY[0], GREY[1, :2]], "labels": [0, 1]}, ["images of different shapes"]),
        ({"images": GREY, "labels": np.eye(6)}, ["several values an example.*argmax"]),
        ({"images": GREY, "labels": [0, None, 1, float("nan"), 0, 1]}, ["None, NaN or infinite of example 1, 3"]),
        ({"images": GREY, "labels": [0, "1"] * 3}, ["texts and numbers mixed"]),
        ({"texts": ["good", " ", 3], "labels": [0, 1, 0]}, ["blank, or no text: text 1, text 2"]),
        ({"images": np.zeros((0, 4, 4), np.uint8), "labels": []}, ["no examples"]),
        ({"images": Pairs([GREY[0]])}, ["example 0 is a ndarray: expected a pair"]),
        ({"images": GREY, "labels": LABELS, "test": (GREY + 100, [0, 1, 2] * 2)}, ["without a training example: 2"]),
        ({"images": GREY, "labels": LABELS, "test": (GREY[:, :2], LABELS)}, ["4, 5. pixels and test images of .2, 5."]),
        ({"images": GREY * 2.0, "labels": [1] * 5}, ["floats from", "every label is 1"]),
    ],
)
def test_every_fault_is_told(given, messages):
    """What is wrong with the data is said with what was expected, all of it at once."""
    with pytest.raises(UsageError) as caught:
        read_arrays(**given)
    for message in messages:
        assert caught.match(message)


def test_which_examples_are_for_test_is_part_of_the_content():
    """The same examples in another split are other data."""
    whole = read_arrays(GREY, LABELS)
    parted = read_arrays(GREY[:4], LABELS[:4], test=(GREY[4:], LABELS[4:]))

    assert whole.digests == parted.digests
    assert whole.sha256 != parted.sha256
