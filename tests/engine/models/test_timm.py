"""Tests of timm's models, on a checkpoint that the test saves where the hub's cache would keep it."""

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.engine import foreign_code
from ptmbench.engine.inputs.own_pictures import trial_pictures
from ptmbench.engine.models import timm_models
from ptmbench.errors import Unavailable, UnknownName, WeightsError

SMALL = "timm:resnet10t.c3_in1k"


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """Saves a state dict as the hub's snapshot of the model's repository; returns the function."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))

    def save(state, repository="timm/resnet10t.c3_in1k"):
        folder = tmp_path / f"models--{repository.replace('/', '--')}"
        snapshot = folder / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("a" * 40)
        save_file(state, snapshot / "model.safetensors")

    return save


def test_weights_are_loaded(cached):
    """The features are those of timm's own model with the same weights, and the record can name them."""
    torch.manual_seed(3)
    theirs = timm.create_model("resnet10t").eval()
    cached(theirs.state_dict())
    loaded = timm_models.build(model_spec(f"{SMALL}?size=64", ()), 0)
    images = torch.randn(2, 3, 64, 64)

    with torch.inference_mode():
        torch.testing.assert_close(
            theirs.forward_head(theirs.forward_features(images), pre_logits=True), loaded.backbone(images)
        )
    assert (1.0, 64) == (loaded.loaded_fraction, loaded.preprocessing.side)
    assert loaded.weights_sha256 == timm_models.weights_sha256(model_spec(SMALL, ()))
    assert all(name.startswith("network.layer4.0") for name in loaded.backbone.last_stage)


def test_preprocessing_is_the_checkpoints():
    """Size, crop, interpolation and means are those of timm's data configuration, scaled by `size`."""
    found = timm_models.preprocessing_of(
        timm.create_model("vit_tiny_patch16_224.augreg_in21k_ft_in1k", pretrained=False), None
    )

    assert (224, "bicubic", (0.5, 0.5, 0.5), 248) == (found.side, found.interpolation, found.mean, found.resize)


def test_controls_draw_anew():
    """Random controls need no weights and differ from seed to seed, and not between calls."""
    control = model_specs(f"{SMALL}?size=64", ())[1]
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        first, again, other = (timm_models.build(control, seed).backbone(images) for seed in (0, 0, 1))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert timm_models.weights_sha256(control) is None


def test_what_is_not_there_is_named(cached):
    """Weights that are not on disk, unknown names and tags, and weights that do not fit end in one sentence each."""
    with pytest.raises(Unavailable, match=r"ptmbench fetch --model 'timm:resnet10t\.c3_in1k'"):
        timm_models.weights_sha256(model_spec(SMALL, ()))
    with pytest.raises(UnknownName, match="did you mean resnet10t"):
        timm_models.weights_sha256(model_spec("timm:resnet10tt", ()))
    with pytest.raises(UnknownName, match="c3_in1k"):
        timm_models.weights_sha256(model_spec("timm:resnet10t.c3_in2k", ()))
    cached({"conv1.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match="cannot be built"):
        timm_models.build(model_spec(SMALL, ()), 0)


def test_a_missing_extra_names_the_line_that_installs_it(monkeypatch):
    """Without the library of an extra, the message is the pip line and no traceback."""
    monkeypatch.setitem(__import__("sys").modules, "timm", None)

    with pytest.raises(Unavailable, match=r"timm is not installed: pip install 'ptmbench\[timm\]'"):
        foreign_code.imported("timm", "timm")


def test_pictures_are_fed_as_timms_own_transform_does():
    """Squash with a crop, borders in the mean colour and oblong inputs included."""
    for settings in (
        {"crop_mode": "squash", "crop_pct": 1.0},
        {"crop_mode": "squash", "crop_pct": 0.9},
        {"crop_mode": "border", "crop_pct": 1.0},
        {"input_size": (3, 64, 48)},
        {"interpolation": "bilinear", "crop_pct": 0.8},
    ):
        network = nn.Identity()
        network.pretrained_cfg = {"input_size": (3, 64, 64), "interpolation": "bicubic", **settings}
        config = timm.data.resolve_data_config({}, model=network)
        own = timm.data.create_transform(**config, is_training=False)
        picture = trial_pictures()[0]
        ours = timm_models.preprocessing_of(network, None).apply(torch.from_numpy(picture).permute(2, 0, 1)[None])[0]

        assert own(Image.fromarray(picture)).shape == ours.shape
        assert float((own(Image.fromarray(picture)) - ours).abs().mean()) < 0.02
