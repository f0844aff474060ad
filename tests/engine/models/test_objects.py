"""Tests of `ptmbench.engine.models.objects`: what pins a module's weights."""

import copy

import pytest
import torch
from torch import nn

from ptmbench.engine.models.objects import sha256_of_state


@pytest.fixture
def module():
    """A layer with weights of every shape, whole numbers among them."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(torch.bfloat16)


def test_equal_weights_have_one_sha256(module):
    """A copy has the sha256 of the module, in any memory layout."""
    other = copy.deepcopy(module).to(memory_format=torch.channels_last)

    assert 64 == len(sha256_of_state(module))
    assert sha256_of_state(module) == sha256_of_state(other)


def test_whatever_differs_shows(module):
    """One weight, one buffer, or the type of the weights makes another sha256."""
    others = [copy.deepcopy(module) for _ in range(3)]
    with torch.no_grad():
        others[0][0].weight[0, 0, 0, 0] += 1
        others[1][1].num_batches_tracked += 1
    others[2].float()
    digests = {sha256_of_state(one) for one in (module, *others)}

    assert 4 == len(digests)
