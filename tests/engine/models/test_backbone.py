"""Tests of backbones: where their stages lie."""

import pytest
from torch import nn

from ptmbench.engine.models.backbone import Backbone
from ptmbench.engine.models.embedded import initialised


def test_stages_are_counted_from_the_end():
    """Small blocks belong to the stage before which they stand, a huge one is looked into."""
    body = nn.Sequential(nn.Linear(4, 20), nn.Linear(20, 20), nn.LayerNorm(2), nn.Linear(20, 10))
    whole = Backbone(nn.Identity(), body, feature_size=10)
    divided = Backbone(body, nn.Linear(10, 3), feature_size=3)

    assert ("tail.3",) == whole.last_blocks(1)
    assert ("tail.3", "tail.2", "tail.1") == whole.last_blocks(2)
    assert ("tail",) == divided.last_blocks(1)
    assert ("tail", "trunk.3") == divided.last_blocks(2)


@pytest.mark.parametrize("name", ["resnet_tiny", "vgg_tiny", "inception_tiny"])
def test_two_stages_of_embedded_networks_reach_into_the_trunk(name):
    """The tail is the last stage; the one before it is a part of the trunk, and not all of it."""
    found = initialised(name, 0)
    names = found.last_blocks(2)

    assert any(block.startswith("tail") for block in names)
    assert any(block.startswith("trunk.") for block in names)
    assert "trunk" not in names
