"""Tests of where the stages of a network end."""

import pytest
import torch
from torch import nn
from torchvision.models import convnext_tiny, resnet18, swin_t, vit_b_16
from torchvision.models.vision_transformer import VisionTransformer

from ptmbench.engine.models.depths import MOST, Depths, ends_of, last_map
from ptmbench.engine.models.embedded import initialised


@pytest.mark.parametrize(
    ("make", "side", "ends"),
    [
        (resnet18, 64, ["relu", "layer1", "layer2", "layer3", "layer4"]),
        (lambda: initialised("resnet_tiny", 0), 32, ["trunk.1", "trunk.2", "trunk", "tail.0"]),
        (
            swin_t,
            64,
            ["features.1", "features.3", "features.5", "permute"],
        ),
        (
            convnext_tiny,
            64,
            ["features.2.0", "features.4.0", "features.6.0", "features"],
        ),
        (lambda: vit_b_16(image_size=32), 32, [f"encoder.layers.encoder_layer_{place}" for place in (0, 3, 6, 8, 11)]),
    ],
)
def test_stages_end_where_people_say(make, side, ends):
    """Of a residual network the blocks before each halving, of a transformer blocks at equal distances."""
    assert ends == list(ends_of(make().eval(), torch.zeros(2, 3, side, side)))


def test_there_are_not_more_than_can_be_read():
    """A network of more sizes gives some of them, the last among them."""
    layers = [layer for _ in range(7) for layer in (nn.Conv2d(3, 3, 1), nn.MaxPool2d(2))]
    found = ends_of(nn.Sequential(*layers), torch.zeros(1, 3, 256, 256))

    assert ("0", "4", "8", "10", "13") == found
    assert MOST == len(found)


def test_what_is_read_is_the_mean_over_places():
    """Each end gives one number a channel, whatever runs behind it; nothing stays attached."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.MaxPool2d(2), nn.Conv2d(4, 5, 1), nn.Flatten(), nn.Linear(20, 2))
    inputs = torch.randn(6, 3, 4, 4)
    found = Depths(network, ("0", "2"))(inputs)

    assert torch.allclose(network[0](inputs).mean(dim=(2, 3)), found["0"])
    assert (6, 5) == found["2"].shape
    assert not any(module._forward_hooks for module in network.modules())


def test_inputs_without_places_have_no_stages():
    """A network of numbers has nothing to average over."""
    assert () == ends_of(nn.Linear(3, 2), torch.zeros(1, 3))


def test_the_last_map_is_one_of_the_network():
    """Of convolutions it is what ends them last; a trunk that hands its inputs on is none."""
    drawn = torch.rand(1, 3, 8, 8)
    convolutions = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU())
    network = nn.Sequential(nn.Identity(), convolutions, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    assert "1" == last_map(network, drawn)
    assert last_map(nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(192, 2)), drawn) is None


def test_a_vision_transformer_has_no_last_map():
    """Behind its patches it knows tokens alone, and the map of its first layer says nothing of the others."""
    network = VisionTransformer(16, 4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=3).eval()

    assert last_map(network, torch.rand(1, 3, 16, 16)) is None
