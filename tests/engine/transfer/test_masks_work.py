"""Tests of the work of segmentation: how sure masks are."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import _dense_work
from ptmbench.engine.transfer.masks_work import MasksWork, mean_entropy
from ptmbench.statistics.calibration import ENTROPY

CASE = ("fcn_tiny.glyphs", "scene_masks_full", "fine_tune")


def test_entropy_is_that_of_a_guess_or_of_nothing():
    """Equal scores have the logarithm of the number of classes, a certain answer none, half a picture the half."""
    guess = torch.zeros(5, 4, 4)
    sure = guess.clone()
    sure[2] = 60
    half = torch.where(torch.arange(4) < 2, guess, sure)

    assert pytest.approx(math.log(5)) == mean_entropy(guess)
    assert pytest.approx(0, abs=1e-6) == mean_entropy(sure)
    assert pytest.approx(math.log(5) / 2) == mean_entropy(half)


class Fixed(nn.Module):
    """Answers every picture with the same scores."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, inputs):
        """The scores for as many pictures as there are."""
        return self.scores.expand(len(inputs), *self.scores.shape)


def test_entropies_are_kept_of_every_test_picture(bench):
    """One a picture and seed, in the pictures' own area: what the border of an input would say does not count."""
    work = _dense_work(bench, find_case(*CASE))
    assert isinstance(work, MasksWork)
    side = work.letterbox.shape[-1]
    height, width = work.letterbox.inner(work.samples.pictures.sizes[0])
    scores = torch.zeros(len(work.samples.classes), side, side)
    scores[1, :height, :width] = 60
    indices = work.test[:5]
    found = work.predict(Fixed(scores), indices)

    assert (5,) == found.entropies.shape
    assert np.allclose(0, found.entropies, atol=1e-6)


def test_a_case_keeps_them(bench):
    """They stand among the outcomes of a case, at each seed."""
    work = _dense_work(bench, find_case(*CASE))
    seed = type("Seed", (), {"test": None, "train_value": 0.0})()
    seed.test = work.predict(Fixed(torch.zeros(len(work.samples.classes), *work.letterbox.shape[1:])), work.test)
    answers = work.answers((0, 1), [seed, seed])

    assert (2, len(work.test)) == answers.outcomes[ENTROPY].shape
    assert answers.outcomes[ENTROPY].astype(float) == pytest.approx(math.log(len(work.samples.classes)), rel=1e-3)
