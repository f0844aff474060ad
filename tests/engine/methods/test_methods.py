"""Tests of the ways to transfer a model, on the shared workbench."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ptmbench.catalog.cases import find_case, product
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.methods import knn, linear_probe
from ptmbench.engine.methods.frozen_method import FitContext
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.transfer.features import forward_all
from ptmbench.engine.workbench import Workbench
from ptmbench.records.outcomes import estimate_of
from ptmbench.statistics.intervals import t_interval

CPU = Device("cpu", "fp32", 2)
CLOUDS = FitContext(("left", "right"))
ARCHITECTURES = ["resnet_tiny", "vgg_tiny", "inception_tiny"]


def state_of(module):
    """A copy of all parameters and buffers."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def answers(predict, unseen):
    """The most probable class of each example."""
    return predict(unseen).argmax(1)


@pytest.mark.parametrize("method", ["linear_probe", "knn", "fine_tune_last", "fine_tune"])
def test_the_shared_backbone_stays_bit_identical(bench, method):
    """No method changes the backbone it was given: neither parameters nor BatchNorm statistics."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", method)
    backbone = bench.model(case, 0).backbone
    before = state_of(backbone)

    run(bench, prepare(bench, case))

    after = backbone.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_fine_tune_last_leaves_the_trunk_as_it_came(bench):
    """Only the tail and the head are among what trains, and the trunk is not."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune_last")

    network = bench.network(case, 0)

    trunk = {id(parameter) for parameter in network.fixed.parameters()}
    assert trunk
    assert not trunk & {id(parameter) for parameter in network.trained.parameters()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_batch_size_does_not_change_features(bench, architecture):
    """Features of one image do not depend on its neighbours in the batch, to 1e-4 of their size."""
    case = find_case(f"{architecture}.glyphs", "digits_5shot", "linear_probe")
    backbone, inputs = bench.model(case, 0).backbone, bench.encoded(case).inputs.tensor[:24]

    together = forward_all(backbone, TensorInputs(inputs), CPU)
    apart = torch.cat([forward_all(backbone, TensorInputs(single), CPU) for single in inputs.split(1)])

    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", [linear_probe, knn])
def test_shuffled_labels_give_chance(bench, method):
    """Trained on shuffled labels, a classifier is at chance within the interval over shuffles.

    Examples of a class are predicted together, so one shuffle's score varies more than its examples would tell.
    """
    case = find_case("resnet_tiny.glyphs", "digits_full", "linear_probe")
    data, features = bench.task_data(case), bench.features(case, 0).array
    train, test = list(data.split.train), list(data.split.test)
    rng = np.random.default_rng(0)

    def score_of_a_shuffle():
        predict = method.fit(features[train], rng.permutation(data.labels[train]), 1.0, CLOUDS)
        return float(np.mean(answers(predict, features[test]) == data.labels[test]))

    low, high = t_interval([score_of_a_shuffle() for _ in range(8)])

    assert low <= 0.1 <= high


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_the_probe_learns_what_is_separable(seed):
    """Two clouds far apart are told apart without fault, by either classifier."""
    rng = np.random.default_rng(seed)
    features = np.concatenate([rng.normal(0, 1, (30, 4)), rng.normal(20, 1, (30, 4))]).astype(np.float32)
    labels = np.repeat([0, 1], 30)

    assert labels.tolist() == answers(linear_probe.fit(features, labels, 1.0, CLOUDS), features).tolist()
    assert labels.tolist() == answers(knn.fit(features, labels, 1, CLOUDS), features).tolist()


def test_knn_asks_no_more_neighbours_than_there_are():
    """Twenty neighbours of four examples are four."""
    features, labels = np.eye(4, dtype=np.float32), np.array([0, 0, 1, 1])

    assert len(knn.fit(features, labels, 20, CLOUDS)(features)) == 4


def test_a_method_sees_the_same_draw_and_head_at_one_seed(bench):
    """At one seed every method begins with the same head and the same examples, so that gain is paired."""
    fine = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune")
    scratch = find_case("resnet_tiny.random", "digits_5shot", "from_scratch")

    heads = [bench.network(case, 3).trained[-1].weight for case in (fine, scratch)]
    draws = [bench.task_data(case).training_examples(5, 3) for case in (fine, scratch)]

    assert torch.equal(*heads)
    assert torch.equal(*draws)


@pytest.mark.slow
def test_every_combination_runs(bench, thinned):
    """Each kind of network with each method does on the smallest task what it does everywhere: it finishes.

    Every case of the matrix runs once in `tox -e bench-smoke`.
    """
    bench = Workbench(bench.settings)
    smallest = [case for case in product() if case.task.name in {"digits_1shot", "sentiment_50shot", "ner_100"}]
    kinds = {(case.model.family, case.method.name, case.task.kind): case for case in smallest}
    for case in kinds.values():
        result = run(bench, prepare(bench, case))
        outcomes = result.answers.outcomes
        assert (1, len(outcomes["truth"])) == outcomes["predictions"].shape
        assert len(result.answers.test_ids) == estimate_of(result.answers.arrays()).examples


@pytest.mark.parametrize(
    ("case_id", "offered"),
    [
        ("bert_tiny.invented-sentiment_50shot-linear_probe", ["mean", "cls", "mean_all_layers"]),
        ("gpt_tiny.invented-sentiment_50shot-knn", ["last", "mean", "mean_all_layers"]),
        ("bert_tiny.invented-ner_100-knn", ["tokens", "tokens_all_layers"]),
        ("vae_tiny.glyphs-digits_1shot-linear_probe", ["posterior_mean", "last_convolution"]),
    ],
)
def test_a_probe_chooses_its_pooling(bench, case_id, offered):
    """Pooling and value are chosen together from all that the model offers, and both are recorded."""
    case = find_case(*case_id.split("-"))

    prepared = prepare(bench, case)
    choice = run(bench, prepared).choice

    assert offered == choice.grid["pooling"] == list(prepared.work.poolings)
    assert (choice.hyperparameters["pooling"], choice.hyperparameters[case.method.tuned]) == prepared.work.chosen
    assert choice.hyperparameters[case.method.tuned] in (*case.method.grid, case.method.usual)


def test_a_trained_method_records_its_pooling(bench):
    """Fine-tuning uses the usual pooling of the model for the kind of task, and says which."""
    for case_id, pooling in (
        ("bert_tiny.invented-sentiment_50shot-fine_tune", "mean"),
        ("gpt_tiny.invented-sentiment_50shot-fine_tune_last", "last"),
        ("gpt_tiny.random-ner_100-from_scratch", "tokens"),
    ):
        assert pooling == run(bench, prepare(bench, find_case(*case_id.split("-")))).choice.hyperparameters["pooling"]


def test_a_model_without_a_choice_records_no_pooling(bench):
    """Where there is one way to pool, the record does not speak of it."""
    choice = run(bench, prepare(bench, find_case("pixels", "digits_1shot", "knn"))).choice

    assert {"neighbours"} == choice.hyperparameters.keys() == choice.grid.keys()


def test_few_labelled_sentences_are_drawn_for_tags(bench):
    """A hundred sentences are a hundred sentences, whatever entities they hold, and nested in more at one seed."""
    case = find_case("tfidf", "ner_100", "knn")
    data = bench.task_data(case)

    drawn = data.training_examples(100, 0)

    assert (100, 100) == (len(drawn), data.train_size(100))
    assert set(drawn.tolist()) <= set(data.training_examples(300, 0).tolist())
    assert set(drawn.tolist()) <= set(data.split.train)


@pytest.mark.parametrize("standardise", [True, False])
def test_neighbours_vote_as_in_scikit_learn(standardise):
    """Every number of neighbours gives what `KNeighborsClassifier` gives, from one search."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(300, 24)).astype(np.float32)
    labels = rng.integers(0, 4, 300)
    unseen = (features[rng.integers(0, 300, 200)] + rng.normal(0, 0.9, (200, 24))).astype(np.float32)
    scaler = StandardScaler().fit(features) if standardise else FunctionTransformer()
    counts = [1, 3, 5, 20, 1_000]

    predictors = knn.fit_all(features, labels, counts, FitContext(("a", "b", "c", "d"), standardise))

    for count, predict in zip(counts, predictors, strict=True):
        theirs = KNeighborsClassifier(min(count, 300), weights="distance", metric="cosine", algorithm="brute")
        theirs.fit(scaler.transform(features), labels)
        expected = theirs.predict_proba(scaler.transform(unseen))
        np.testing.assert_allclose(expected, predict(unseen), atol=1e-5)
        assert theirs.predict(scaler.transform(unseen)).tolist() == answers(predict, unseen).tolist()


def test_an_example_that_is_known_decides_alone():
    """Where a neighbour is the example itself, only such neighbours vote, however many others stand close."""
    features = np.array([[1, 0.0], [1, 0.01], [1, 0.02], [0, 1]], dtype=np.float32)
    labels = np.array([1, 0, 0, 0])

    predict = knn.fit(features, labels, 3, FitContext(("a", "b"), standardise=False))

    assert [1, 0] == answers(predict, np.array([[2, 0], [2, 0.02]], dtype=np.float32)).tolist()


def test_a_probe_of_one_class_knows_nothing_else():
    """Training examples of a single class leave one answer."""
    predict = linear_probe.fit(np.eye(4, dtype=np.float32), np.full(4, 2), 1.0, FitContext(("a", "b", "c")))

    assert [2, 2] == answers(predict, np.ones((2, 4), dtype=np.float32)).tolist()


def test_a_class_without_an_example_is_never_the_answer():
    """Labels keep their numbers where a class between them has no training example."""
    features = np.repeat(np.eye(2, dtype=np.float32), 5, axis=0)

    predict = linear_probe.fit(features, np.repeat([0, 2], 5), 10.0, FitContext(("a", "b", "c")))

    assert [0, 2] == answers(predict, np.eye(2, dtype=np.float32)).tolist()
    assert (0, 0) == tuple(predict(np.eye(2, dtype=np.float32))[:, 1])
