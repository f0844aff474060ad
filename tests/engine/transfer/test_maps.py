"""Tests of maps of what speaks for an answer: what they are of networks in which it is known."""

import pytest
import torch
from torch import nn

from ptmbench.engine.seeding import torch_generator
from ptmbench.engine.transfer.maps import GRAD_CAM, INTEGRATED, SALIENCY, maps_of
from ptmbench.statistics.attribution import mass_inside

PATCH = slice(9, 13)


@pytest.fixture
def linear():
    """A linear network of three classes over pictures [2, 3, 6, 6]."""
    drawn = torch_generator("maps")
    network = nn.Sequential(nn.Flatten(), nn.Linear(108, 3))
    with torch.no_grad():
        network[1].weight.copy_(torch.randn(3, 108, generator=drawn))
    return network.eval(), torch.rand(2, 3, 6, 6, generator=drawn), torch.tensor([2, 0])


def test_of_a_linear_network_maps_are_its_weights(linear):
    """Saliency is the greatest weight of a place, integrated gradients what its channels add to the mean, with sign."""
    network, pictures, answers = linear
    weights = network[1].weight[answers].view_as(pictures).detach()
    mean = pictures.mean(dim=(2, 3), keepdim=True)
    found = maps_of(network, pictures, answers)

    assert {SALIENCY, INTEGRATED} == found.keys()
    assert weights.abs().amax(dim=1).numpy() == pytest.approx(found[SALIENCY])
    assert (weights * (pictures - mean)).sum(dim=1).numpy() == pytest.approx(found[INTEGRATED], abs=1e-5)


def test_grad_cam_weighs_the_last_map():
    """Of a mean over places and one weight a channel it is the weighted sum of channels, cut off below zero."""
    drawn = torch_generator("cam")
    network = nn.Sequential(nn.Conv2d(3, 2, 2, stride=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)).eval()
    pictures = torch.rand(4, 3, 10, 10, generator=drawn)
    answers = torch.tensor([0, 1, 1, 0])
    channels = network[0](pictures)
    coarse = torch.einsum("nchw,nc->nhw", channels, network[3].weight[answers] / 25).relu().detach()
    expected = nn.functional.interpolate(coarse[:, None], (10, 10), mode="bilinear")[:, 0]

    assert expected.numpy() == pytest.approx(maps_of(network, pictures, answers)[GRAD_CAM], abs=1e-6)


def test_a_planted_shortcut_is_found():
    """A network that learned to read a patch of few pixels has three times the patch's area of its mass there."""
    drawn = torch_generator("shortcut")
    pictures, labels = torch.rand(256, 3, 16, 16, generator=drawn), torch.arange(256) % 2
    pictures[:, :, PATCH, PATCH] = labels[:, None, None, None] * 0.6 + 0.4 * pictures[:, :, PATCH, PATCH]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()),
            *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 2)),
        )
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(pictures), labels).backward()
        optimizer.step()
    asked, truth = pictures[:40], labels[:40]
    mask = torch.zeros(40, 16, 16, dtype=torch.bool)
    mask[:, PATCH, PATCH] = True
    found = maps_of(network.eval(), asked, truth)

    assert (network(asked).argmax(dim=1) == truth).all()
    assert mass_inside(found[SALIENCY], mask.numpy()).mean() >= 3
    assert mass_inside(found[INTEGRATED], mask.numpy()).mean() >= 3
