"""Tests of torch.hub's entries, on a repository that the test writes into a TORCH_HOME of its own."""

import sys

import pytest
import torch

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.cli import main
from ptmbench.engine.models import torch_hub_models
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError

CODE = """
dependencies = ["torch"]
import torch
from torch import nn
from parts import Critic


class Trained:
    def __init__(self, width):
        self.critic = Critic(width)


def gan(pretrained=False, width=4, useGPU=True):
    assert not useGPU
    print("loading")
    found = Trained(width)
    if pretrained:
        url = "https://example.org/gan-00000000.pth"
        found.critic.load_state_dict(torch.hub.load_state_dict_from_url(url))
    return found


def classifier(pretrained=False):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def broken(pretrained=False):
    raise KeyError("config")
"""
PARTS = """
from torch import nn


class Critic(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.decision = nn.Linear(width, 1)
        self.layers = nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, images):
        return self.decision(self.layers(images))
"""
GAN = "torch_hub:someone/zoo:v1/gan?part=critic&head=decision&size=16&args=width:6,useGPU:false"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository as torch keeps it, with weights beside it, that nobody has agreed to run."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    folder = tmp_path / "hub" / "someone_zoo_v1"
    folder.mkdir(parents=True)
    (folder / "hubconf.py").write_text(CODE)
    (folder / "parts.py").write_text(PARTS)
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir()
    torch.manual_seed(5)
    state = {"decision.weight": torch.randn(1, 6), "decision.bias": torch.randn(1)}
    state |= {"layers.0.weight": torch.randn(6, 3, 3, 3), "layers.0.bias": torch.randn(6)}
    torch.save(state, checkpoints / "gan-00000000.pth")
    return folder


@pytest.fixture
def trusted(repository):
    """The same, agreed to."""
    (repository / ".ptmbench-trusted").touch()
    return repository


def test_code_of_others_is_not_run_unasked(repository, capsys):
    """Without an agreement nothing of a repository runs, and the message says how to give it."""
    with pytest.raises(Unavailable, match="--trust-remote-code"):
        torch_hub_models.weights_sha256(model_spec(GAN, ()))
    with pytest.raises(Unavailable, match="code of others"):
        torch_hub_models.build(model_specs(GAN, ())[1], 0)
    assert 1 == main(["fetch", "--model", GAN])
    assert "then say --trust-remote-code" in capsys.readouterr().err
    assert "parts" not in sys.modules


def test_agreeing_fetches(repository, capsys):
    """With the agreement the entry fetches its weights, here from the cache, and the mark is left."""
    assert 0 == main(["fetch", "--model", GAN, "--trust-remote-code"])

    assert (repository / ".ptmbench-trusted").exists()
    assert str(repository) in capsys.readouterr().out


def test_features_come_before_the_head(trusted):
    """A part of what the entry gives, less the named head, with its weights; its modules are forgotten after."""
    loaded = torch_hub_models.build(model_spec(GAN, ()), 0)
    state = torch.load(trusted.parent / "checkpoints" / "gan-00000000.pth")
    images = torch.randn(2, 3, 16, 16)
    expected = torch.nn.functional.conv2d(images, state["layers.0.weight"], state["layers.0.bias"]).relu().mean((2, 3))

    with torch.inference_mode():
        torch.testing.assert_close(expected, loaded.backbone(images))
    assert (6, 1.0, 16) == (loaded.backbone.feature_size, loaded.loaded_fraction, loaded.preprocessing.side)
    assert loaded.weights_sha256 == torch_hub_models.weights_sha256(model_spec(GAN, ()))
    assert "parts" not in sys.modules


def test_classifiers_lose_their_head(trusted):
    """An entry that gives a classifier is taken like any other."""
    loaded = torch_hub_models.build(model_spec("torch_hub:someone/zoo:v1/classifier?size=16", ()), 0)

    assert 4 == loaded.backbone.feature_size


def test_a_run_fetches_nothing(trusted):
    """Weights that are not on disk are not downloaded, and the message names the command."""
    (trusted.parent / "checkpoints" / "gan-00000000.pth").unlink()

    with pytest.raises(Unavailable, match="fetch its weights: ptmbench fetch --model"):
        torch_hub_models.build(model_spec(GAN, ()), 0)


@pytest.mark.parametrize(
    ("reference", "error", "told"),
    [
        ("torch_hub:someone/zoo/gan", UsageError, "expected torch_hub:OWNER/REPO:TAG/entry"),
        ("torch_hub:someone/zoo:main/gan", UsageError, "main is a branch"),
        ("torch_hub:someone/zoo:v2/gan", Unavailable, "is not on disk"),
        ("torch_hub:someone/zoo:v1/gam", UsageError, "no entry called gam"),
        (
            "torch_hub:someone/zoo:v1/gan?args=useGPU:false,width:6",
            UsageError,
            r"expected a torch.nn.Module: name one with",
        ),
        ("torch_hub:someone/zoo:v1/gan?args=useGPU:false,width:6&part=critik", UsageError, "no part called critik"),
        (GAN.replace("head=decision", "head=decisions"), UnknownName, "did you mean decision"),
        ("torch_hub:someone/zoo:v1/gan?args=width", UsageError, "expected args=NAME:VALUE"),
        ("torch_hub:someone/zoo:v1/broken", WeightsError, "its entry failed: KeyError"),
        (GAN.replace("width:6", "width:5"), WeightsError, "its entry failed: RuntimeError"),
    ],
)
def test_what_is_wrong_is_named(trusted, reference, error, told):
    """A branch, an unknown entry, part or head, and weights that do not fit end in one sentence each."""
    with pytest.raises(error, match=told):
        torch_hub_models.build(model_spec(reference, ()), 0)
