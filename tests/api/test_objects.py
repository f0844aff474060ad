"""Tests of `ptmbench.api.objects`: modules, arrays and data sets as models and tasks."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import ptmbench
from ptmbench.api.objects import INTERPOLATIONS
from ptmbench.catalog.entries import entries_of
from ptmbench.errors import UnknownName, UsageError


def network():
    """Two convolutions and a classifier of ten classes."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, 2, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, 10),
    )


@pytest.fixture(scope="module")
def squares():
    """Pictures [150, 12, 12, 3] in three classes of brightness, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(150) % 3
    return (rng.integers(0, 60, (150, 12, 12, 3)) + 60 * labels[:, None, None, None]).astype(np.uint8), labels


@pytest.fixture
def module():
    """The network with weights of its own."""
    torch.manual_seed(0)
    return network()


SIZE = ptmbench.pictures(16)


def smoke(models, tasks, **options):
    """A run at the smallest budget."""
    return ptmbench.run(models, tasks, budget="smoke", device="cpu", threads=1, **options)


def test_a_module_is_a_model(module, squares):
    """A module runs by every method of labels, and its record says what it was; the module stays as it came."""
    before = copy.deepcopy(module.train().state_dict())
    found = smoke(ptmbench.model(module, preprocessing=SIZE, name="mine"), squares)

    methods = {"linear_probe", "knn", "fine_tune", "fine_tune_last", "fine_tune_sgd"}
    assert methods == {record.case.method.name for record in found if record.status == "ok"}
    case = found.records[0].case.model
    assert ("object:mine?size=16", "unstated", "not stated", 1.0) == (
        case.reference,
        case.family,
        case.source,
        case.loaded_fraction,
    )
    assert module.training
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_the_head_of_a_classifier_is_taken_off(module, squares):
    """A classifier gives its penultimate features; a module that is none gives what comes out of it."""
    models = [
        ptmbench.model(module, preprocessing=SIZE, name="whole"),
        ptmbench.model(module, preprocessing=SIZE, name="headless", classifier=True),
    ]
    found = smoke(models, squares, methods="linear_probe")
    probes = {record.case.model.name: record.cost.trainable_parameters for record in found}

    assert {"whole": 3 * (10 + 1), "headless": 3 * (12 + 1)} == probes


def test_a_gain_needs_the_architecture(module, squares):
    """With a way to fresh weights the gain over training from scratch is there; without one the record says why."""
    model = ptmbench.model(module, preprocessing=SIZE, name="mine", architecture=network, family="supervised")
    found = smoke(model, squares, methods=["linear_probe", "from_scratch"])
    alone = smoke(ptmbench.model(module, preprocessing=SIZE, name="mine"), squares, methods="linear_probe")

    assert {"mine", "mine.random"} == {record.case.model.name for record in found}
    gains = {record.case.model.name: record.gain for record in found if record.case.method.name == "linear_probe"}
    assert gains["mine"].partner_id.startswith("mine.random-")
    assert "the partner from scratch was not run" == alone.records[0].missing["gain"]


def test_fresh_weights_are_drawn_by_seed(module, squares):
    """Each seed of the control draws other weights, the same in every run, whatever the model is called."""
    values = []
    for name in ("mine", "yours"):
        model = ptmbench.model(module, preprocessing=SIZE, name=name, architecture=network)
        found = smoke(model, ptmbench.data(*squares, name="same"), methods="linear_probe", seeds=3)
        (control,) = [record for record in found if record.case.model.family == "control"]
        values.append([seed.value for seed in control.quality.seeds])
    assert values[0] == values[1]


def test_untrained_weights_are_a_control(module, squares):
    """With pretrained=False nothing is called pre-trained: no fine-tuning, no gain, no sha256 of a checkpoint."""
    found = smoke(ptmbench.model(module, preprocessing=SIZE, name="raw", pretrained=False), squares)

    assert {"linear_probe", "knn", "from_scratch"} == {record.case.method.name for record in found}
    assert {("control", None)} == {(r.case.model.family, r.case.model.weights_sha256) for r in found}


def test_other_weights_are_another_case(module, squares, tmp_path):
    """The digest holds the weights: a resume keeps what is the same and runs anew what was trained on."""
    model = ptmbench.model(module, preprocessing=SIZE, name="mine")
    first, again = (smoke(model, squares, methods="knn", results=tmp_path, resume=True) for _ in range(2))
    with torch.no_grad():
        module[0].weight += 0.5
    trained = smoke(model, squares, methods="knn", results=tmp_path, resume=True)

    digests = [found.records[0].case.digest for found in (first, again, trained)]
    assert digests[0] == digests[1] != digests[2]


def test_half_precision_and_frozen_modules_run(module, squares):
    """Weights in bfloat16 that do not require gradients are fine-tuned all the same, in float32."""
    frozen = module.to(torch.bfloat16).requires_grad_(requires_grad=False)
    found = smoke(ptmbench.model(frozen, preprocessing=SIZE, name="mine"), squares, methods="fine_tune")

    assert "ok" == found.records[0].status
    assert found.records[0].cost.trainable_parameters > 12 * 8 * 9


class Broken(nn.Module):
    """What gives something else than features."""

    def __init__(self, give):
        super().__init__()
        self.give = give

    def forward(self, pictures):
        """Whatever it was told to."""
        return self.give(pictures)


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda x: x[:, 0, 0, 0], r"gave \[2\]: expected features"),
        (lambda x: x[:1].flatten(1), r"gave \[1, 768\]"),
        (lambda x: x.flatten(1) / 0, "NaN or infinite"),
        (lambda x: x.reshape(2, 7), "raised RuntimeError.*ptmbench.pictures"),
        (lambda _x: None, "raised TypeError"),
    ],
)
def test_what_gives_no_features_is_refused(give, message, squares, tmp_path):
    """A module is tried before anything runs, and what came out of it is said."""
    with pytest.raises(UsageError, match=message):
        smoke(["pixels", ptmbench.model(Broken(give), preprocessing=SIZE)], squares, results=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_module_that_cannot_be_copied_is_refused(module, squares):
    """A module that holds what cannot be copied is refused with a way out."""
    module.outputs = module(torch.zeros(2, 3, 16, 16))  # part of a graph, which deepcopy refuses

    with pytest.raises(UsageError, match="Sequential cannot be copied .RuntimeError.*state dict"):
        smoke(ptmbench.model(module, preprocessing=SIZE), squares)


def test_an_architecture_has_to_be_the_same(module, squares):
    """Fresh weights of another architecture are no control."""
    model = ptmbench.model(module, preprocessing=SIZE, architecture=lambda: nn.Linear(3, 3))

    with pytest.raises(UsageError, match="other tensors than the model"):
        smoke(model, squares)


def test_a_module_alone_does_not_say_what_it_takes(module, squares):
    """A bare module is refused with what to type, alone and among others."""
    for models in (module, ["pixels", module]):
        with pytest.raises(UsageError, match=r"ptmbench.model\(module, preprocessing="):
            smoke(models, squares)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ptmbench.model(3, preprocessing=SIZE), "expected a torch.nn.Module, got a int"),
        (lambda: ptmbench.model(network(), preprocessing=224), "expected preprocessing=ptmbench.pictures"),
        (lambda: ptmbench.model(network(), preprocessing=SIZE, family="supervized"), "did you mean supervised"),
        (lambda: ptmbench.model(network(), preprocessing=SIZE, family="control"), "no family is called 'control'"),
        (lambda: ptmbench.model(network(), preprocessing=SIZE, family="supervised", pretrained=False), "take one"),
        (lambda: ptmbench.pictures(0, std=(1, 0, 1), mean=[0]), "size of at least 1.*three channels.*std above 0"),
        (lambda: ptmbench.pictures(32, resize=16, interpolation="cubic"), "resize of at least the size.*bilinear"),
        (lambda: ptmbench.data([1], [2], shots=0, train=3), "shots of at least 1, got 0"),
        (lambda: ptmbench.data(texts=["a", "b"], labels=[0, 0], shots=1, train=3), "got both.*every label is 0"),
    ],
)
def test_what_cannot_be_an_object_is_refused(call, message):
    """What is wrong with an object is said where it is made."""
    with pytest.raises((UsageError, UnknownName), match=message):
        call()


def test_two_of_one_name_are_told_apart(module, squares):
    """Two modules, or two data sets, of one name are refused; the same data with other amounts are not."""
    models = [ptmbench.model(weights, preprocessing=SIZE) for weights in (module, network())]
    with pytest.raises(UsageError, match="several models are called Sequential: give each a name of its own"):
        smoke(models, squares)
    images, labels = squares
    other = ptmbench.data(images[:90], labels[:90], name="mine")
    with pytest.raises(UsageError, match="several data sets are called mine"):
        smoke("pixels", [ptmbench.data(images, labels, name="mine"), other])
    amounts = [ptmbench.data(images, labels, name="mine", shots=shots) for shots in (1, 3)]
    found = smoke("pixels", amounts, methods="knn")
    assert {"mine_1shot", "mine_3shot"} == {record.case.task.name for record in found}


def test_objects_stay_in_this_process(module, squares):
    """Several processes cannot share objects, and the call says so."""
    for models, tasks in ((ptmbench.model(module, preprocessing=SIZE), "digits_5shot"), ("pixels", squares)):
        with pytest.raises(UsageError, match="leave jobs out"):
            smoke(models, tasks, jobs=2)


def test_an_object_is_held_for_its_run_alone():
    """Nothing that a command line can type names an object."""
    with pytest.raises(UnknownName, match="no model scheme is called 'object'"):
        entries_of(models=["object:mine"])
    with pytest.raises(UnknownName, match="no data scheme is called 'object'"):
        entries_of(tasks=["object:mine"])


def test_copies_never_stand_on_both_sides(squares):
    """Equal pictures fall into one part, so that no test example was trained on."""
    images, labels = squares
    twice = ptmbench.data(np.concatenate([images, images]), np.concatenate([labels, labels]), name="twice")
    once = ptmbench.data(images, labels, name="once")
    sizes = [
        (record.case.task.train_size, record.case.task.validation_size, record.case.task.test_size)
        for task in (once, twice)
        for record in smoke("pixels", task, methods="knn")
    ]

    assert sizes[1] == tuple(2 * size for size in sizes[0])


def test_a_test_part_is_kept(squares):
    """The examples given for test are the test part, and all others train and validate."""
    images, labels = squares
    task = ptmbench.data(images[:100], labels[:100], test=(images[100:], labels[100:]), name="parted", shots=2)
    (record,) = smoke("pixels", task, methods="knn")

    assert (6, 50, "parted_2shot") == (record.case.task.train_size, record.case.task.test_size, record.case.task.name)


def test_a_torch_data_set_is_a_task(squares):
    """A map-style data set of tensors is a task by itself, the same as its arrays."""
    images, labels = squares
    tensors = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    pairs = torch.utils.data.TensorDataset(tensors, torch.from_numpy(labels))
    (of_pairs,), (of_arrays,) = (smoke("pixels", task, methods="knn") for task in (pairs, squares))

    assert of_arrays.case.digest == of_pairs.case.digest
    assert of_arrays.quality.value == of_pairs.quality.value


def test_texts_are_a_task():
    """Texts with labels run with the models of text."""
    words = ["fine", "lovely", "broken", "awful"]
    texts = [f"a {words[index % 4]} thing, number {index}" for index in range(80)]
    labels = ["good" if index % 4 < 2 else "bad" for index in range(80)]
    (record,) = smoke("tfidf", ptmbench.data(texts=texts, labels=labels, name="reviews"), methods="linear_probe")

    assert ("ok", "text_classification", 2) == (record.status, record.case.task.kind, record.case.task.classes)
    assert record.quality.value > 0.8


def test_faulty_data_is_refused_before_it_runs():
    """All faults of the data are told at once, where the data is given."""
    with pytest.raises(UsageError, match="2 faults in the data: 4 images and 3 labels; every label is 0"):
        ptmbench.data(np.zeros((4, 8, 8), np.uint8), [0, 0, 0])


def test_preprocessings_are_those_of_the_engine():
    """What may be asked for is what the engine can do."""
    from typing import get_args

    from ptmbench.engine.inputs.pictures import Interpolation

    assert get_args(Interpolation) == INTERPOLATIONS
