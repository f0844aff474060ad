"""Tests of heads that start as a linear probe."""

import numpy as np
import pytest
from scipy.special import softmax

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.entries import entries_of
from ptmbench.engine.methods import linear_probe
from ptmbench.engine.methods.frozen_method import FitContext
from ptmbench.engine.runner import prepare, run


@pytest.mark.parametrize("names", [("resnet_tiny.glyphs", "digits_5shot"), ("bert_tiny.invented", "sentiment_50shot"),
                                   ("gpt_tiny.invented", "ner_100")])  # fmt: skip
def test_before_its_first_step_the_network_is_the_probe(bench, names):
    """The probe's probabilities are the network's, to 1e-5."""
    run_of = prepare(bench, find_case(*names, "lp_ft")).work
    network = run_of.network_of(0).trained.eval()
    work, case = run_of.work, find_case(*names, "lp_ft")
    test = list(work.test)[:50]

    logs = work.predict(network, test).logs
    probe = prepare(bench, find_case(*names, "linear_probe")).work
    probe.poolings = bench.poolings(case)[:1]
    features = bench.features(case, 0, bench.poolings(case)[0]).array
    expected = probe.fitted(0)(probe.rows.pick(features[test], test))

    assert expected == pytest.approx(np.exp(logs), abs=1e-5)


def test_classes_that_were_not_seen_are_next_to_impossible():
    """The layer of a probe gives what the probe gives, also of classes without an example."""
    rng = np.random.default_rng(0)
    features = rng.normal(3.0, 2.0, size=(60, 5)).astype(np.float32)
    labels = np.arange(60) % 3 * 2  # classes 0, 2, 4 of 6
    (fitted,) = linear_probe.fit_all(features + labels[:, None], labels, [0.1], FitContext(tuple("abcdef")))
    state = {name: values.numpy() for name, values in fitted.layer().items()}

    assert fitted(features) == pytest.approx(softmax(features @ state["weight"].T + state["bias"], axis=1), abs=1e-5)


def test_it_runs_as_every_method_does(bench):
    """A case of `lp_ft` trains all layers, and its record's seconds of features are those that its probe needs."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", "lp_ft")
    found = run(bench, prepare(bench, case))

    assert found.spending.feature_time_s > 0
    assert found.answers.values[0] > 0.3
    whole = prepare(bench, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune"))
    assert found.spending.trainable_parameters == run(bench, whole).spending.trainable_parameters


def test_methods_beside_the_matrix_run_where_they_are_named():
    """`--method` takes them, alone or with others; nothing runs them unasked."""
    asked = entries_of(["resnet_tiny.glyphs"], ["digits_5shot"], methods=["lp_ft", "bitfit", "norm_only", "knn"])

    assert ["lp_ft", "bitfit", "norm_only", "knn"] == [case.method.name for case in asked.cases()]
    assert not {"lp_ft", "bitfit", "norm_only"} & {case.method.name for case in entries_of().cases()}
