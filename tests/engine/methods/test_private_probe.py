"""Tests of the differentially private probe: Opacus's figures, what no attack may exceed, and what depends on what."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.methods import private_probe
from ptmbench.engine.methods.frozen_method import FitContext
from ptmbench.engine.methods.private_probe import EPSILON, delta_for, delta_of, fit, fit_all, noise_for
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.transfer.shadows import privacy_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its import
    from opacus import GradSampleModule
    from opacus.accountants.utils import get_noise_multiplier
    from opacus.optimizers import DPOptimizer

CONTEXT = FitContext(("a", "b", "c"))
CASE = find_case("resnet_tiny.glyphs", "digits_20shot", "dp_probe")


def drawn(seed, examples=40, size=6):
    """Normal features, and labels that hang on them."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(examples, size)).astype(np.float32)
    return features, features[:, :3].argmax(axis=1)


@pytest.mark.parametrize(("epsilon", "delta", "steps"), [(1.0, 1e-3, 30), (3.0, 1e-4, 60)])
def test_the_noise_is_that_of_another_accountant(epsilon, delta, steps):
    """What the closed form asks for is what Opacus finds numerically, from above and within 2 %."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = get_noise_multiplier(
            target_epsilon=epsilon, target_delta=delta, sample_rate=1.0, steps=steps, accountant="prv"
        )

    assert noise_for(epsilon, delta, steps) <= theirs <= 1.02 * noise_for(epsilon, delta, steps)
    assert delta == pytest.approx(delta_of(epsilon, noise_for(epsilon, delta, steps) / np.sqrt(steps)), rel=1e-3)


def test_steps_without_noise_are_those_of_opacus(monkeypatch):
    """Gradients of single examples are clipped to the same length and summed alike."""
    features, labels = drawn(0)
    monkeypatch.setattr(private_probe, "noise_for", lambda *_: 0.0)
    monkeypatch.setattr(private_probe, "STEPS", 2)  # of which the second is given
    monkeypatch.setattr(private_probe, "CLIP", 0.3)
    ours = fit(features, labels, 2.0, CONTEXT).weights
    layer = nn.Linear(7, 3, bias=False)
    nn.init.zeros_(layer.weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = GradSampleModule(layer, loss_reduction="sum")
        optimizer = DPOptimizer(
            torch.optim.SGD(layer.parameters(), lr=2.0 / len(labels)),
            noise_multiplier=0.0,
            max_grad_norm=0.3,
            expected_batch_size=None,
            loss_reduction="sum",
        )
        rows = private_probe._unit(torch.from_numpy(features))
        for _ in range(2):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(rows), torch.from_numpy(labels), reduction="sum").backward()
            optimizer.step()

    assert layer.weight.detach().numpy() == pytest.approx(ours, abs=1e-5)


def test_an_example_is_scaled_by_itself_alone():
    """What one row becomes hangs on no other: else the others would be in it without noise."""
    features = torch.from_numpy(drawn(1)[0])
    rows = private_probe._unit(features)

    assert torch.equal(rows[3], private_probe._unit(features[3:4])[0])
    assert torch.allclose(rows.norm(dim=1), torch.ones(len(rows)))


def test_noise_hangs_on_the_seed_alone():
    """The same seed gives the same weights, beside other rates too; another one gives others."""
    features, labels = drawn(2)
    first, beside = fit(features, labels, 3.0, CONTEXT), fit_all(features, labels, [1.0, 3.0], CONTEXT)[1]
    other = fit(features, labels, 3.0, replace(CONTEXT, seed=1))

    assert first.weights == pytest.approx(beside.weights, abs=1e-6)
    assert not np.allclose(first.weights, other.weights, atol=1e-2)


def test_classes_without_examples_have_weights_too():
    """Which classes there are is public, and whether one has examples is not."""
    features, labels = drawn(3)
    found = fit(features[labels != 2], labels[labels != 2], 1.0, CONTEXT)(features)

    assert (len(features), 3) == found.shape
    assert (found > 0).all()


def test_a_record_holds_what_is_promised(bench):
    """Epsilon, delta and noise stand beside the rate, for as many examples as were learned from."""
    chosen = run(bench, prepare(bench, CASE)).choice.hyperparameters

    assert (EPSILON, delta_for(200)) == (chosen["epsilon"], chosen["delta"])
    assert noise_for(EPSILON, delta_for(200)) == chosen["noise_multiplier"]
    assert chosen["learning_rate"] in CASE.method.grid


def test_every_seed_draws_noise_of_its_own(bench):
    """Of a full task, too, whose examples are the same for every seed."""
    work = frozen_run(bench, find_case("resnet_tiny.glyphs", "digits_full", "dp_probe"))

    assert (work.seed(0).test != work.seed(1).test).any()


def test_an_attack_finds_no_more_than_the_promise_allows(bench):
    """TPR <= e^epsilon FPR + delta holds within what 64 models tell, and the probe without noise is far above it."""
    private, plain = (frozen_run(bench, replace(CASE, method=method)) for method in (CASE.method, probe()))
    found = []
    for work in (private, plain):
        work.seed(0)
        found.append(privacy_of(work))
    bound = np.exp(EPSILON) * 0.001 + delta_for(200)

    assert found[0]["tpr_at_fpr_1e_3_interval95"][0] <= bound < found[1]["tpr_at_fpr_1e_3"]
    assert found[0]["auc"] < 0.6 < found[1]["auc"]


def probe():
    """The linear probe without noise."""
    return find_case("resnet_tiny.glyphs", "digits_20shot", "linear_probe").method
