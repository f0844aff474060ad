"""Tests of what is done to pictures while a network trains on them."""

from dataclasses import replace

import pytest
import torch

from ptmbench.catalog.cases import find_case, why_no_case
from ptmbench.engine.inputs.augmentation import AUGMENTATIONS, crop_and_flip, unchanged
from ptmbench.engine.runner import prepare, run

CASE = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune_augmented")


def ramps(count, side=16):
    """Pictures whose two channels say at each place how far right and how far down it lies, from 0 to 1."""
    steps = (torch.arange(side) + 0.5) / side
    return torch.stack([steps.expand(side, side), steps[:, None].expand(side, side)]).expand(count, 2, side, side)


def drawn(inputs, seed=0):
    """What is made of them from a seed, which leaves no trace."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return crop_and_flip(inputs)


def test_each_picture_is_a_part_of_itself():
    """Places lie evenly, half the area is left at least, sides differ by a third at most, and half are mirrored."""
    found = drawn(ramps(400))
    across, down = found[:, 0], found[:, 1]
    widths, heights = (across[:, 0, -1] - across[:, 0, 0]) * 16 / 15, (down[:, -1, 0] - down[:, 0, 0]) * 16 / 15
    shares = widths.abs() * heights

    assert found.shape == (400, 2, 16, 16)
    assert torch.allclose(across.diff(dim=2).std(dim=2), torch.tensor(0.0), atol=2e-3)
    assert 0.42 < shares.min() < 0.6  # a side that would be longer than 1 ends there
    assert 0.9 < shares.max() <= 1.001
    assert (widths.abs() / heights).max() < 1.36
    assert (heights > 0).all()
    assert 0.4 < (widths < 0).float().mean() < 0.6


def test_draws_differ_between_pictures_and_follow_the_seed():
    """Two pictures of a batch are changed otherwise; the same seed changes them alike."""
    inputs = ramps(2)

    assert not torch.equal(*drawn(inputs))
    assert torch.equal(drawn(inputs), drawn(inputs))
    assert not torch.equal(drawn(inputs), drawn(inputs, 1))


def test_only_what_is_trained_on_is_changed(bench):
    """Batches of training differ from the inputs, and predictions are made of these as they are."""
    work = prepare(bench, CASE).work.work
    inputs = next(iter(work.inputs.batches([[0, 1]])))
    ((given, _),) = work.batches([[0, 1]])
    plain = replace(work, change=unchanged)
    network = bench.network(CASE, 0).trained.eval()
    answers = [one.predict(network, [0, 1, 2]).logs for one in (work, plain)]

    assert given.shape == inputs.shape
    assert not torch.allclose(given, inputs)
    assert (answers[0] == answers[1]).all()


def test_a_record_says_what_was_done(bench):
    """The augmentation stands among the hyper-parameters of a method that has one, and of no other."""
    chosen = [
        run(bench, prepare(bench, case)).choice.hyperparameters
        for case in (CASE, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune"))
    ]

    assert "crop_and_flip" == chosen[0]["augmentation"]
    assert "augmentation" not in chosen[1]


def test_texts_are_not_cropped():
    """A method that changes pictures is no case of a model of text."""
    text = find_case("bert_tiny.invented", "sentiment_50shot", "fine_tune")

    assert "changes pictures" in why_no_case(text.model, text.task, CASE.method)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_keeps_the_shape(name):
    """A network is fed what it was made for."""
    inputs = torch.zeros(3, 3, 8, 12)

    assert inputs.shape == AUGMENTATIONS[name](inputs).shape
