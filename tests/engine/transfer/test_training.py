"""Tests of `ptmbench.engine.transfer.training`."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from ptmbench.catalog.spec import Recipe
from ptmbench.engine.transfer.training import batch_indices, rate_factor, train
from ptmbench.errors import Diverged

SGD = Recipe(
    "sgd",
    learning_rate=0.1,
    weight_decay=0.5,
    batch_size=4,
    steps=1,
    schedule="constant",
    momentum=0.0,
    label_smoothing=0.0,
)


def cross_entropy(module, inputs, targets):
    """The loss of a classifier."""
    return nn.functional.cross_entropy(module(inputs), targets)


def one_step(recipe):
    """A linear model before and after one step, with the batch it saw."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.randn(2, 3, generator=generator))
    before = model.weight.detach().clone()
    inputs, targets = torch.randn(4, 3, generator=generator), torch.tensor([0, 1, 1, 0])
    train(model, [(inputs, targets)], cross_entropy, recipe)
    return before, model.weight.detach(), inputs, targets


def gradient_by_hand(weight, inputs, targets):
    """The gradient of the mean cross-entropy of a linear model: (softmax - one-hot)^T x / n."""
    error = torch.softmax(inputs @ weight.T, dim=1) - nn.functional.one_hot(targets, 2)
    return error.T @ inputs / len(inputs)


def test_sgd_weight_decay_is_an_l2_penalty():
    """SGD's weight decay l adds (l/2) ||theta||^2 to the loss: its gradient is l theta."""
    before, after, inputs, targets = one_step(SGD)

    expected = before - 0.1 * (gradient_by_hand(before, inputs, targets) + 0.5 * before)

    torch.testing.assert_close(expected, after)


def test_adamw_weight_decay_is_decoupled():
    """AdamW shrinks the weights by rate x decay and takes a step of the rate's size whatever the gradient's."""
    before, after, inputs, targets = one_step(replace(SGD, optimizer="adamw"))

    gradient = gradient_by_hand(before, inputs, targets)
    expected = before * (1 - 0.1 * 0.5) - 0.1 * gradient / (gradient.abs() + 1e-8)

    torch.testing.assert_close(expected, after)


def test_cosine_falls_from_one_to_nearly_zero():
    """The cosine schedule begins at the rate and ends near 0."""
    recipe = replace(SGD, schedule="cosine", steps=100)

    factors = [rate_factor(recipe, step) for step in range(100)]

    assert factors[0] == 1.0
    assert sorted(factors, reverse=True) == factors
    assert factors[-1] == pytest.approx(0, abs=1e-3)


def test_a_loss_that_is_not_finite_diverges():
    """A NaN loss stops the training and says at which step."""
    model = nn.Linear(3, 2)
    batch = torch.full((4, 3), math.nan), torch.tensor([0, 1, 1, 0])

    with pytest.raises(Diverged, match="the loss became nan at step 1 of 1"):
        train(model, [batch], cross_entropy, SGD)


def test_batches_cover_every_example_each_epoch():
    """An epoch is a permutation: no example comes twice before all came once."""
    batches = list(batch_indices(10, 5, 4, torch.Generator().manual_seed(0)))

    assert list(range(10)) == sorted(torch.cat(batches[:2]).tolist())
    assert list(range(10)) == sorted(torch.cat(batches[2:]).tolist())


def test_batches_are_no_wider_than_the_data():
    """Ten examples make batches of ten, however wide the recipe asks."""
    assert [10, 10] == [len(batch) for batch in batch_indices(10, 32, 2, torch.Generator())]


def test_the_module_ends_in_eval_mode():
    """What was trained is ready to predict."""
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))

    train(model, [(torch.randn(4, 3), torch.tensor([0, 1, 1, 0]))], cross_entropy, SGD)

    assert not any(module.training for module in model.modules())


@pytest.mark.parametrize("broken", [True, False])
def test_a_loss_that_refuses_what_is_not_finite_has_diverged(broken):
    """An error of a network whose weights are no numbers any more is divergence; any other error is passed on."""
    model = nn.Linear(3, 2)

    def loss(module, inputs, targets):
        if len(targets):
            with torch.no_grad():
                module.weight.fill_(math.nan if broken else 1.0)
            raise RuntimeError("all elements of input should be between 0 and 1\nmore")
        return cross_entropy(module, inputs, targets)

    expected = (Diverged, r"step 1 of 1: all elements.* and 1$") if broken else (RuntimeError, "all elements")
    with pytest.raises(expected[0], match=expected[1]):
        train(model, [(torch.ones(1, 3), torch.tensor([0]))], loss, SGD)
