"""Tests of the search by random squares."""

import torch
from torch import nn

from ptmbench.engine.transfer.square_attack import square_attack

RADIUS = 0.1


def attacked(network, pictures, labels):
    """What the attack makes of them."""
    return square_attack(network, pictures, labels, RADIUS, torch.Generator().manual_seed(0))


def test_pictures_stay_within_the_radius_and_are_pictures():
    """Every value lies at the radius on one side or the other, or at 0 or 1."""
    pictures = torch.rand(8, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    network = nn.Sequential(nn.Flatten(), nn.Linear(108, 3))
    found = attacked(network, pictures, torch.zeros(8, dtype=torch.int64))
    free = (found > 0) & (found < 1)

    assert torch.allclose((found - pictures).abs()[free], torch.tensor(RADIUS), atol=1e-6)
    assert (found - pictures).abs().max() <= RADIUS + 1e-6
    assert 0 <= found.min() <= found.max() <= 1


def test_it_needs_no_gradient():
    """A network whose gradient is nothing everywhere is attacked all the same: brightness in steps decides."""

    def stepped(pictures):
        level = (200 * pictures.mean(dim=(1, 2, 3))).round() / 200
        return torch.stack([0.525 - level, level - 0.525], dim=1)

    pictures = torch.full((4, 1, 8, 8), 0.5)
    found = attacked(stepped, pictures, torch.zeros(4, dtype=torch.int64))

    assert [1] * 4 == stepped(found).argmax(dim=1).tolist()


def test_no_try_is_kept_that_is_worse():
    """The margin after the search is below that of stripes drawn at the start, for every picture."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    pictures = torch.full((16, 3, 4, 4), 0.5)
    labels = network(pictures).argmax(dim=1)
    found = attacked(network, pictures, labels)
    rows = torch.arange(16)
    margins = [network(each)[rows, labels] - network(each)[rows, 1 - labels] for each in (pictures, found)]

    assert (margins[1] < margins[0]).all()
