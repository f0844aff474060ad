"""Logistic regression over several strengths, held against scikit-learn that never stops early."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch.nn import functional

from ptmbench.engine.methods import logistic
from ptmbench.engine.seeding import numpy_generator

STRENGTHS = [1e-3, 1e-2, 1e-1, 1.0, 10.0]
PROMISE = 1e-4  # of the objective


def made(examples, size, classes, *, rank=None, sort=False, scale=1.0):
    """Features [n, d] of clouds whose columns depend on each other, and labels [n]."""
    generator = numpy_generator("clouds", examples, size, classes)
    labels = np.concatenate([np.arange(classes), generator.integers(0, classes, examples - classes)])
    labels = np.sort(labels) if sort else generator.permutation(labels)
    inner = rank or size
    strength = np.arange(1, inner + 1) ** -0.7
    clouds = generator.normal(size=(examples, inner)) + 0.7 * generator.normal(size=(classes, inner))[labels]
    features = (clouds * strength) @ generator.normal(size=(inner, size))
    return (scale * features / features.std()).astype(np.float32), labels


def objective(weights, biases, features, labels, strength):
    """Mean cross-entropy and penalty, in double precision."""
    logits = torch.as_tensor(features).double() @ torch.as_tensor(weights).double().T + torch.as_tensor(biases).double()
    shared = 2 if len(weights) == 2 else 1  # two classes of scikit-learn share one vector
    penalty = shared * torch.as_tensor(weights).double().square().sum() / (2 * strength * len(labels))
    return float(functional.cross_entropy(logits, torch.as_tensor(labels)) + penalty)


def optimum(features, labels, strength):
    """The objective that scikit-learn reaches when it may take as long as it likes."""
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=100_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of a line search that finds nothing better
        model.fit(features.astype(np.float64), labels)
    weights, biases = model.coef_, model.intercept_
    if len(weights) == 1:
        weights, biases = np.concatenate([-weights, weights]) / 2, np.concatenate([-biases, biases]) / 2
    return objective(weights, biases, features, labels, strength)


def excess(features, labels, strengths):
    """How far above the optimum each strength ends, as a part of it."""
    found = logistic.fit(torch.from_numpy(features), torch.from_numpy(labels), strengths)
    return [
        objective(weights, biases, features, labels, strength) / optimum(features, labels, strength) - 1
        for strength, weights, biases in zip(strengths, found.weights, found.biases, strict=True)
    ]


@pytest.mark.parametrize(
    ("examples", "size", "classes", "more"),
    [
        (20, 64, 2, {}),
        (20, 512, 10, {}),
        (300, 64, 10, {}),
        (300, 64, 10, {"sort": True}),
        (300, 64, 2, {"scale": 30.0}),
        (300, 64, 5, {"rank": 3}),
        (60, 128, 5, {"rank": 3}),
        (1_000, 200, 40, {}),
        (3_000, 32, 3, {"scale": 0.01}),
    ],
)
def test_every_strength_ends_at_its_optimum(examples, size, classes, more):
    """Few examples or many, dependent columns, any scale: each objective is within 1e-4 of the least there is."""
    features, labels = made(examples, size, classes, **more)

    assert max(excess(features, labels, STRENGTHS)) < PROMISE


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 60), st.integers(1, 40), st.integers(2, 4), st.sampled_from(STRENGTHS))
def test_any_shape_ends_at_its_optimum(examples, size, classes, strength):
    """Whatever the numbers of examples, features and classes are."""
    features, labels = made(examples, size, classes)

    assert max(excess(features, labels, [strength])) < PROMISE


def test_columns_without_meaning_change_nothing():
    """Columns of one value, and examples that came twice, have an optimum like any other."""
    features, labels = made(40, 12, 3)
    features[:, ::3] = 1.0

    assert max(excess(np.tile(features, (2, 1)), np.tile(labels, 2), STRENGTHS)) < PROMISE


def test_no_feature_tells_anything():
    """Without any difference between examples all weights are 0, and the biases are the classes' shares."""
    found = logistic.fit(torch.ones(4, 3), torch.tensor([0, 0, 0, 1]), [1.0])

    assert torch.zeros(1, 2, 3).tolist() == found.weights.tolist()
    assert [pytest.approx([0.75, 0.25], abs=0.01)] == found.biases.softmax(1).tolist()


def test_strengths_do_not_depend_on_each_other():
    """One strength by itself ends where it ends among others, to what their optima leave open."""
    features, labels = (torch.from_numpy(array) for array in made(200, 32, 4))

    together = logistic.fit(features, labels, STRENGTHS)
    alone = [logistic.fit(features, labels, [strength]).weights[0] for strength in STRENGTHS]

    assert torch.allclose(together.weights, torch.stack(alone), atol=0.02 * float(together.weights.abs().max()))


def test_few_logits_are_kept_at_a_time(monkeypatch):
    """Where memory is short the strengths go one after the other."""
    features, labels = (torch.from_numpy(array) for array in made(50, 8, 3))
    monkeypatch.setattr(logistic, "MOST_LOGITS", 10)
    monkeypatch.setattr(logistic, "LARGEST_BASIS", 4)

    found = logistic.fit(features, labels, STRENGTHS)

    assert (5, 3, 8) == found.weights.shape
    assert max(excess(features.numpy(), labels.numpy(), STRENGTHS)) < PROMISE


def test_many_examples_with_more_features_end_at_their_optimum_without_eigenvectors(monkeypatch):
    """Where eigenvectors of the examples' products would take minutes, the search goes without, as exactly."""
    monkeypatch.setattr(logistic, "LARGEST_BASIS", 100)
    monkeypatch.delattr(torch.linalg, "eigh")
    features, labels = made(300, 400, 4)

    assert max(excess(features, labels, STRENGTHS)) < PROMISE
