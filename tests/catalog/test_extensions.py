"""Tests of `ptmbench.catalog.extensions`: another package brings a provider, a data set loader and a metric."""

import os
from functools import partial
from pathlib import Path

import pytest

from ptmbench.catalog import extensions, schemes
from ptmbench.catalog.extensions import GROUP, DataScheme, ModelScheme
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UnknownName, UsageError
from ptmbench.records.store import ResultsFolder

ROOT = Path(__file__).parents[2]
ROWS = """
from ptmbench.catalog.extensions import DataScheme, MetricScheme, ModelScheme
from ptmbench.catalog.traits import TaskKind

MODEL = ModelScheme("plain", "plain_package.hot:PROVIDER", options=("width",))
DATA = DataScheme("rings", "plain_package.hot:load", lambda _reference: TaskKind.IMAGE_CLASSIFICATION)
METRIC = MetricScheme("recall_of_last", "plain_package.hot:recall", frozenset({TaskKind.IMAGE_CLASSIFICATION}))
"""
HOT = """
import numpy as np
import torch
from torch import nn

from ptmbench.catalog.references import parse
from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.provider import ModelProvider

HALF = (0.5, 0.5, 0.5)


def build(spec, seed):
    width = int(parse(spec.reference).get("width", "4"))
    trunk = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU())
    backbone = Backbone(trunk, nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten()), feature_size=4 * width)
    for parameter in backbone.parameters():
        nn.init.constant_(parameter, 0.1)
    return LoadedModel(backbone.eval(), ImagePreprocessing(16, HALF, HALF), "ab" * 32, 1.0, 100, None)


def load(reference, *, skip_bad):
    values = torch.arange(120, dtype=torch.uint8).repeat_interleave(3 * 16 * 16).reshape(120, 3, 16, 16)
    values[60:] += 100
    labels = torch.arange(120) // 60
    return LabelledImages(tuple(f"ring/{n}" for n in range(120)), values, labels, ("thin", "thick"))


def recall(predicted, truth, classes):
    return float(np.mean(predicted[truth == len(classes) - 1] == len(classes) - 1))


PROVIDER = ModelProvider(build, lambda spec: "ab" * 32, lambda spec: "v1")
"""


def installed(folder, points):
    """A distribution with these entry points, as an installer leaves it."""
    package, facts = folder / "plain_package", folder / "plain_package-1.0.dist-info"
    package.mkdir()
    facts.mkdir()
    (package / "__init__.py").write_text(ROWS)
    (package / "hot.py").write_text(HOT)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: plain-package\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{GROUP}]\n" + "".join(f"{name} = {value}\n" for name, value in points))
    return folder


@pytest.fixture
def ptmbench(tmp_path, forge, monkeypatch):
    """Runs the command line with what is installed in a folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(tmp_path)]))
    return partial(forge.run, "-m", "ptmbench", cwd=tmp_path)


def test_a_package_brings_a_provider_a_data_set_and_a_metric(tmp_path, ptmbench):
    """A case of another package's model on its data runs, and its record holds the package's metric and revision."""
    points = [("model", "plain_package:MODEL"), ("data", "plain_package:DATA"), ("metric", "plain_package:METRIC")]
    installed(tmp_path, points)
    words = ["run", "--model", "plain:net?width=8&name=net", "--task", "rings:two?name=rings", "--method", "knn"]

    finished = ptmbench(*words, "--budget", "smoke", "--results", "results")

    assert 0 == finished.returncode, finished.stderr
    record = ResultsFolder(tmp_path / "results").read("net-rings_full-knn")
    assert ("plain:net?width=8", "v1") == (record.case.model.reference, record.case.model.revision)
    assert 0.0 <= record.quality.others["recall_of_last"] <= 1.0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("plain_package:missing", "cannot be loaded (AttributeError"),
        ("plain_package:TaskKind", "is a EnumType: expected a ModelScheme"),
    ],
)
def test_what_is_no_row_is_named(tmp_path, ptmbench, value, message):
    """An entry point that cannot be loaded, or is no row, is one message that names the package."""
    installed(tmp_path, [("broken", value)])

    finished = ptmbench("run", "--model", "plain:net", "--budget", "smoke")

    assert 2 == finished.returncode
    assert "the extension broken of plain-package" in finished.stderr
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.fixture
def brought(monkeypatch):
    """Makes rows as if another package had brought them."""

    def bring(*rows):
        monkeypatch.setattr(extensions, "_extensions", lambda: rows)
        for table in (schemes.model_schemes, schemes.data_schemes, schemes.metric_schemes):
            table.cache_clear()

    yield bring
    monkeypatch.undo()
    for table in (schemes.model_schemes, schemes.data_schemes, schemes.metric_schemes):
        table.cache_clear()


def test_a_scheme_that_is_taken_is_refused(brought):
    """An extension cannot take the place of a scheme of the package."""
    brought(ModelScheme("hf", "elsewhere:PROVIDER"))

    with pytest.raises(UsageError, match="an extension calls itself hf:, which is taken"):
        schemes.model_schemes()


def test_options_of_a_brought_scheme_are_checked(brought):
    """A typo in an option of a brought provider gets near names, as those of the package's own do."""
    brought(ModelScheme("plain", "elsewhere:PROVIDER", options=("width",)))

    with pytest.raises(UnknownName, match="did you mean width"):
        model_spec("plain:net?widht=8", ())


def test_a_near_name_of_a_scheme_is_told():
    """A scheme that is not known lists near ones, those of data and of models apart."""
    with pytest.raises(UnknownName, match="did you mean imagefolder"):
        schemes.data_scheme("imagefoldr")
    with pytest.raises(UnknownName, match="did you mean timm"):
        schemes.model_scheme("tim")


def test_a_data_scheme_says_its_kind():
    """The kind of a brought form of data comes from its row."""
    row = DataScheme("rings", "elsewhere:load", lambda _reference: TaskKind.IMAGE_CLASSIFICATION)

    assert TaskKind.IMAGE_CLASSIFICATION == row.kind(None)
