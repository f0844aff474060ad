"""Tests of gradient ascent within a radius: what linear networks give in closed form, and where pictures stay."""

import pytest
import torch
from torch import nn

from ptmbench.engine.transfer.apgd import STEPS, _checkpoints, apgd

RADIUS = 0.1


def linear(seed, classes=2, shape=(3, 4, 4)):
    """A linear network, and pictures well inside of 0 and 1."""
    drawn = torch.Generator().manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, classes))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=drawn))
    return network, 0.2 + 0.6 * torch.rand(32, *shape, generator=drawn)


def attacked(network, pictures, labels, radius=RADIUS):
    """What the attack makes of them."""
    return apgd(network, pictures, labels, radius, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("seed", range(3))
def test_of_a_linear_network_the_worst_picture_is_found(seed):
    """Between two classes it lies at the radius against the sign of their weights' difference, in every pixel."""
    radius = 0.03  # at which some answers stay
    network, pictures = linear(seed)
    labels = network(pictures).argmax(dim=1)
    apart = network[1].weight[1] - network[1].weight[0]
    against = torch.where(labels == 1, -1.0, 1.0)[:, None] * apart.sign()
    worst = (pictures + radius * against.view_as(pictures)).clamp(0, 1)
    found = attacked(network, pictures, labels, radius)
    stays = network(worst).argmax(dim=1) == labels

    assert 0 < stays.sum() < len(stays)
    assert torch.allclose(worst[stays], found[stays], atol=1e-4)
    assert (network(found).argmax(dim=1)[~stays] != labels[~stays]).all()


def test_what_was_wrong_once_stays_found():
    """Of three classes the loss may rise while the answer turns right again: the wrong picture is what counts."""

    def between(pictures):
        level = pictures.mean(dim=(1, 2, 3))
        second = 0.1 - 8 * (level - 0.57).clamp(min=0)  # above the first where the search begins
        third = -0.01 - 20 * (0.6 - level)  # the loss is highest where both are just below it
        return torch.stack([0 * level, second, third], dim=1)

    pictures = torch.full((16, 1, 2, 2), 0.5)
    found = attacked(between, pictures, torch.zeros(16, dtype=torch.int64))

    assert (between(torch.full_like(pictures, 0.6)).argmax(dim=1) == 0).all()
    assert (between(found).argmax(dim=1) != 0).float().mean() > 0.9


def test_pictures_stay_within_the_radius_and_are_pictures():
    """No value moves further than it may, and none leaves 0 to 1."""
    network, pictures = linear(3, classes=5)
    pictures = (pictures - 0.2) / 0.6  # up to the ends
    found = attacked(network, pictures, torch.zeros(32, dtype=torch.int64))

    assert (found - pictures).abs().max() <= RADIUS + 1e-6
    assert 0 <= found.min() <= found.max() <= 1


def test_steps_shrink_where_they_gain_nothing():
    """A loss with a narrow peak inside the radius is climbed closer than the first step size reaches."""
    tops = torch.linspace(0.41, 0.59, 16)[:, None, None, None].expand(16, 1, 2, 2)

    def peaked(pictures):
        height = -(50 * (pictures - tops)).square().mean(dim=(1, 2, 3))
        return torch.stack([-height, height], dim=1)

    found = attacked(peaked, torch.full((16, 1, 2, 2), 0.5), torch.zeros(16, dtype=torch.int64))

    assert (found - tops).abs().max() < 0.003


def test_checkpoints_are_those_of_the_paper():
    """At 100 steps sizes are looked at after 22, 41, 57, 70, 80, 87, 93 and 99, each with the steps since the last."""
    found = _checkpoints(100)

    assert [22, 41, 57, 70, 80, 87, 93, 99] == [*found]
    assert [22, 19, 16, 13, 10, 7, 6, 6] == [*found.values()]
    assert max(_checkpoints(STEPS)) <= STEPS
