"""Tests of `ptmbench.engine.transfer.feature_identity`: what moves features moves their identity, and names do not."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import ptmbench
from ptmbench.catalog.cases import find_case
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.objects import holding
from ptmbench.catalog.schemes import model_scheme, model_schemes
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledImages, LabelledTexts
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import AppliedInputs, TensorInputs
from ptmbench.engine.transfer import feature_identity
from ptmbench.engine.transfer.feature_identity import of_data, of_examples, of_model, of_surroundings

CPU = Device("cpu", "fp32", 1)
CASE = find_case("resnet_tiny.glyphs", "digits_1shot", "knn")
LABELS = torch.tensor([0, 1])


def pictures(*shape):
    """Two pictures of one colour."""
    images = torch.zeros(2, 3, *shape, dtype=torch.uint8)
    return LabelledImages(("a", "b"), images, LABELS, ("x", "y"))


def test_threads_precision_and_device_count():
    """Last bits move with all three."""
    found = [of_surroundings(device) for device in (CPU, replace(CPU, threads=2), replace(CPU, precision="bf16"))]

    assert 3 == len({repr(each) for each in found})
    assert of_surroundings(CPU) == found[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FEATURES_VERSION", -1),
        ("PROTOCOL_VERSION", -1),
        ("_versions", lambda: {"torch": "0"}),
        ("_sources", lambda: "0" * 64),
    ],
)
def test_versions_and_code_count(monkeypatch, name, value):
    """Features of another protocol, library or code of this package are others."""
    before = of_surroundings(CPU)
    monkeypatch.setattr(feature_identity, name, value)

    assert before != of_surroundings(CPU)


@pytest.mark.parametrize("call", ["cpu_name", "cores"])
def test_the_processor_counts(monkeypatch, call):
    """Another processor rounds otherwise, and its seconds are others."""
    before = of_surroundings(CPU)
    monkeypatch.setattr(f"ptmbench.records.environment.{call}", lambda: "77")

    assert before != of_surroundings(CPU)


def test_settings_of_libraries_count(monkeypatch):
    """What chooses kernels by the environment, or in Python, counts."""
    found = [of_surroundings(CPU)]
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    found.append(of_surroundings(CPU))
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    found.append(of_surroundings(CPU))

    assert 3 == len({repr(each) for each in found})


def test_without_the_code_there_is_no_identity(monkeypatch, tmp_path):
    """Where the package's sources are not at hand nothing says that features are those of this code."""
    feature_identity._sources.cache_clear()
    monkeypatch.setattr(feature_identity, "PACKAGE", tmp_path)

    assert of_surroundings(CPU) is None
    feature_identity._sources.cache_clear()


def test_a_line_of_code_more_is_other_code(monkeypatch, tmp_path):
    """Whoever works on the package is not shown features of yesterday's code."""
    told = []
    (tmp_path / "engine").mkdir()
    for line in ("x = 1\n", "x = 2\n"):
        (tmp_path / "engine" / "module.py").write_text(line)
        feature_identity._sources.cache_clear()
        monkeypatch.setattr(feature_identity, "PACKAGE", tmp_path)
        told.append(feature_identity._sources())
    feature_identity._sources.cache_clear()

    assert 2 == len(set(told))


def test_weights_preprocessing_and_seed_count(bench):
    """Another network, an input of another size or another seed is another model."""
    model = bench.model(CASE, 0)
    smaller = replace(model, preprocessing=replace(model.preprocessing, side=16))
    other = replace(CASE, model=model_spec("resnet_tiny.random", entries_of().models))
    found = [
        of_model(CASE.model, model, 0),
        of_model(CASE.model, smaller, 0),
        of_model(CASE.model, replace(model, weights_sha256="0" * 64), 0),
        *(of_model(other.model, bench.model(other, seed), seed) for seed in (0, 1)),
    ]

    assert 5 == len({repr(each) for each in found})
    assert found[3]["tensors"] != found[4]["tensors"]


def test_code_around_the_same_tensors_counts(bench):
    """A setting that no tensor holds makes another model."""
    model = bench.model(CASE, 0)
    other = copy.deepcopy(model.backbone)
    next(part for part in other.modules() if isinstance(part, nn.BatchNorm2d)).eps = 0.5

    assert of_model(CASE.model, model, 0) != of_model(CASE.model, replace(model, backbone=other), 0)


def test_a_name_of_a_users_does_not_count(bench):
    """The same model under another name is the same model."""
    model = bench.model(CASE, 0)

    assert of_model(CASE.model, model, 0) == of_model(replace(CASE.model, name="mine"), model, 0)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("file:/home/me/w.pt#torchvision:resnet18?size=64", "torchvision:resnet18?size=64"),
        ("file:w.pt#my.module:build?size=64", None),
        ("hf:/home/me/model?max_length=9", "?max_length=9"),
        ("timm:resnet18.a1_in1k?name=mine", "timm:resnet18.a1_in1k"),
        ("torch_hub:owner/name:main/net?size=32", None),
    ],
)
def test_the_code_of_a_reference(reference, code):
    """It holds what chooses code and no folder of a user's; None where the code may change under the reference."""
    spec = model_spec(reference, ())

    found = model_scheme(spec.provider).code(feature_identity.parse(spec.reference))

    assert code == found


def test_what_is_not_kept_on_disk():
    """Modules of a program, repositories of torch.hub, Keras's networks and inputs without a network are computed anew.

    So is whatever an extension brings.
    """
    reference = feature_identity.parse("x:y")
    silent = {name for name, row in model_schemes().items() if row.code(reference) is None}
    composed = {name for name, row in model_schemes().items() if row.composed}

    assert {
        "object",
        "torch_hub",
        "keras",
        "smp",
        "pixels",
        "hog_colour",
        "tfidf",
        "word_shape",
        "file",
        *composed,
    } == silent


def test_a_module_of_a_program_has_no_identity():
    """Its code may be another one the next time, under the same names and with the same weights."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4))
    given = ptmbench.model(network, preprocessing=ptmbench.pictures(8))
    from ptmbench.engine.models import objects

    with holding([given], []):
        assert of_model(given.spec, objects.build(given.spec, 0), 0) is None


def test_a_network_that_cannot_be_told_has_no_identity(monkeypatch, bench):
    """What raises over a library's odd class keeps features from the disk, and ends no run."""

    def fail(_module):
        raise RuntimeError("no such setting")

    monkeypatch.setattr(feature_identity, "structure_sha256", fail)

    assert of_model(CASE.model, bench.model(CASE, 0), 0) is None


def test_the_shape_of_pictures_counts():
    """Wide and tall pictures of the same bytes are told apart."""
    first, second = (
        of_data("sha", samples, AppliedInputs(samples.images, torch.Tensor.float, (3, 4, 4)))
        for samples in (pictures(2, 8), pictures(8, 2))
    )

    assert first != second


def test_names_of_picture_files_count_and_folders_do_not():
    """Corruptions are drawn by a file's name, wherever it lies."""
    told = [
        of_data(
            "sha",
            LabelledImageFiles(("a", "b"), tuple(map(Path, files)), (b"1", b"2"), LABELS, ("x", "y")),
            AppliedInputs(torch.zeros(2), torch.Tensor.float, (3, 4, 4)),
        )
        for files in (("one/a.png", "one/b.png"), ("two/a.png", "two/b.png"), ("one/b.png", "one/a.png"))
    ]

    assert told[0] == told[1]
    assert told[0] != told[2]


def test_texts_are_told_by_their_tokens():
    """Two sets whose lines run on into each other are two sets."""
    samples = LabelledTexts(("a", "b"), ("one", "two"), LABELS, ("x", "y"))
    first, second = (
        of_data("sha", samples, TensorInputs(torch.tensor(ids))) for ids in ([[1, 2], [3, -1]], [[1, -1], [2, 3]])
    )

    assert first != second


def test_examples_count():
    """Some examples are others than all of them, or than the same in another order."""
    assert 3 == len({of_examples(None), of_examples([1, 2]), of_examples([2, 1])})
