"""Tests of segmentation-models-pytorch's networks, their encoders saved by the tests into a hub's cache."""

import json

import pytest
import segmentation_models_pytorch as smp
import torch
from safetensors.torch import save_file

from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.catalog.places import snapshot
from ptmbench.catalog.presence import model_there
from ptmbench.catalog.traits import Serves
from ptmbench.engine.models.smp_models import PROVIDER
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError

REFERENCE = "smp:unet/resnet18@imagenet"


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """A function that puts an encoder and its configuration into the cache, and returns its tensors."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))

    def put(**config):
        settings = smp.encoders.encoders["resnet18"]["pretrained_settings"]["imagenet"]
        folder = snapshot("models", f"{settings['repo_id']}@{settings['revision']}")
        folder.mkdir(parents=True)
        state = smp.create_model("unet", "resnet18", encoder_weights=None).encoder.state_dict()
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps(config))
        return state

    return put


def test_a_unet_has_the_encoders_weights(cached):
    """The encoder is the checkpoint's, its own normalisation counts, and the network learns from masks."""
    state = cached(mean=[127.5, 127.5, 127.5], std=[255, 255, 255], input_range=[0, 255])
    spec = model_spec(f"{REFERENCE}?size=64", ALL_MODELS)
    model = PROVIDER.build(spec, 0)
    network = model.assemble(3, 0)

    assert (Serves.MASKS, 1.0, 64) == (spec.serves, model.loaded_fraction, model.preprocessing.side)
    assert ((0.5,) * 3, (1.0,) * 3) == (model.preprocessing.mean, model.preprocessing.std)
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.body.state_dict().items())
    assert (2, 3, 64, 64) == tuple(network(torch.randn(2, 3, 64, 64)).shape)
    assert torch.isfinite(network.train().loss(torch.randn(2, 3, 64, 64), torch.ones(2, 64, 64, dtype=torch.long)))
    assert PROVIDER.sha256(spec) == model.weights_sha256


def test_the_control_needs_no_weights(tmp_path, monkeypatch):
    """The same architecture at random initialisation builds without anything on disk, differently at each seed."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model, control = model_specs(REFERENCE, ALL_MODELS)
    first, second = (PROVIDER.build(control, seed).assemble(2, 0).state_dict() for seed in (0, 1))

    assert (True, f"{model.name}.random") == (control.random, control.name)
    assert PROVIDER.sha256(control) is None
    assert not all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    with pytest.raises(Unavailable, match=f"ptmbench fetch --model '{REFERENCE}'"):
        PROVIDER.sha256(model)


def test_presence_follows_the_cache(cached):
    """The catalog's U-Net is there once its encoder is in the cache."""
    spec = model_spec("unet_resnet34", ALL_MODELS)

    assert not model_there(spec)
    settings = smp.encoders.encoders["resnet34"]["pretrained_settings"]["imagenet"]
    folder = snapshot("models", f"{settings['repo_id']}@{settings['revision']}")
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    assert model_there(spec)


@pytest.mark.parametrize(
    ("reference", "error", "message"),
    [
        ("smp:unet", UsageError, "expected smp:ARCHITECTURE/ENCODER@WEIGHTS"),
        ("smp:unet/resnet18", UsageError, "expected smp:ARCHITECTURE/ENCODER@WEIGHTS"),
        ("smp:unett/resnet18@imagenet", UnknownName, "did you mean unet"),
        ("smp:unet/resnet81@imagenet", UnknownName, "did you mean resnet18"),
        ("smp:unet/resnet18@imagenett", UnknownName, "did you mean imagenet"),
        ("smp:unet/resnet18@imagenet?size=100", UsageError, "a multiple of 32, got size=100"),
    ],
)
def test_what_cannot_be_built_says_why(reference, error, message):
    """A part that lacks, a typo in any part, and a side that the library does not take."""
    with pytest.raises(error, match=message):
        PROVIDER.build(model_spec(reference, ALL_MODELS), 0)


def test_pictures_of_other_channels_are_refused(cached):
    """An encoder that was trained on BGR pictures would see wrong colours."""
    cached(mean=[0, 0, 0], std=[1, 1, 1], input_space="BGR")

    with pytest.raises(WeightsError, match="takes BGR pictures"):
        PROVIDER.build(model_spec(REFERENCE, ALL_MODELS), 0)
