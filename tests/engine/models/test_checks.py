"""Tests of what is asked of any network at load."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from ptmbench.engine.models.checks import checked
from ptmbench.errors import WeightsError

PICTURES = torch.randn(2, 3, 8, 8)


class Ends(nn.Module):
    """A linear layer on pictures, and what is given behind it."""

    def __init__(self, end):
        super().__init__()
        self.layer, self.end = nn.Linear(192, 6), end

    def forward(self, images):
        """What the end makes of the layer's outputs."""
        return self.end(self.layer(images.flatten(1)))


def leave(_outputs):
    """Ends the process, as a script does."""
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("end", "named"),
    [
        (nn.Softmax(dim=1), "a softmax"),
        (lambda outputs: functional.log_softmax(outputs, dim=1), "a log-softmax"),
        (lambda outputs: outputs.sigmoid(), "a sigmoid"),
        (lambda outputs: outputs.sigmoid_().view(2, 6), "a sigmoid"),
        (lambda outputs: outputs.exp() / outputs.exp().sum(dim=1, keepdim=True), "a softmax"),
    ],
)
def test_probabilities_are_no_features(end, named):
    """An activation behind the head that was taken off is found, whatever form it has, and named."""
    with pytest.raises(WeightsError, match=f"gives probabilities, not features: {named} stands behind"):
        checked(Ends(end), PICTURES, "net")


@pytest.mark.parametrize(
    "end", [lambda o: o.sigmoid() * o, lambda o: o.softmax(1) + 1, nn.ReLU(), lambda o: o.softmax(1) @ o.T @ o]
)
def test_an_activation_inside_is_no_fault(end):
    """Gates and attention use the same functions on the way to features."""
    assert 6 == checked(Ends(end), PICTURES, "net").shape[1]


def test_another_answer_each_time_is_refused():
    """What draws at random in eval mode cannot be measured."""
    with pytest.raises(WeightsError, match="gives other features for the same examples each time"):
        checked(Ends(lambda outputs: outputs + torch.randn_like(outputs)), PICTURES, "net")


def test_a_network_that_fails_says_why_in_a_sentence():
    """Channels, an end of the process, and whatever else its code raises."""
    with pytest.raises(WeightsError, match=r"its first convolution takes 1 channel, and every picture here has 3"):
        checked(nn.Conv2d(1, 4, 3), PICTURES, "net")
    with pytest.raises(WeightsError, match="it ends the process"):
        checked(Ends(leave), PICTURES, "net")
    with pytest.raises(WeightsError, match=r"net fails on a batch of examples \[2, 3, 8, 8\]: ValueError: boom$"):
        checked(Ends(lambda _outputs: (_ for _ in ()).throw(ValueError("boom\nsecond line"))), PICTURES, "net")
