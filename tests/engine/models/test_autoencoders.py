"""Tests of diffusers' autoencoders, on a small one that the test saves in its format."""

import json

import pytest
import torch
from diffusers import AutoencoderKL

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.engine.models import autoencoders, huggingface
from ptmbench.errors import Unavailable, WeightsError


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A small autoencoder and the folder that it was saved in."""
    torch.manual_seed(2)
    network = AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=4, latent_channels=2,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("vae")
    network.save_pretrained(folder)
    return network.eval(), folder


def reference(folder):
    """How a user names it."""
    return f"hf:{folder}?modality=image&size=64"


def test_both_poolings_are_the_encoders(saved):
    """The posterior's mean at 8 x 8 places is what `encode` gives, and the convolutions are averaged."""
    network, folder = saved
    loaded = huggingface.build(model_spec(reference(folder), ()), 0)
    images = torch.randn(2, 3, 64, 64)

    with torch.inference_mode():
        expected = torch.nn.functional.adaptive_avg_pool2d(network.encode(images).latent_dist.mean, 8).flatten(1)
        torch.testing.assert_close(expected, loaded.backbone(images))
        assert (2, 16) == tuple(loaded.backbone.pooled_by("convolutions")(images).shape)
    assert {"posterior": 128, "convolutions": 16} == loaded.backbone.sizes
    assert (1.0, (0.5, 0.5, 0.5)) == (loaded.loaded_fraction, loaded.preprocessing.mean)
    assert not any("decoder" in name for name, _ in loaded.backbone.named_modules())


def test_controls_draw_anew(saved):
    """The random control takes the configuration alone, and differs from seed to seed."""
    control = model_specs(reference(saved[1]), ())[1]
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        first, again, other = (huggingface.build(control, seed).backbone(images) for seed in (0, 0, 1))

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_broken_folders_are_named(saved, tmp_path):
    """A folder without weights and one whose weights do not fit end in one sentence each."""
    config = json.loads((saved[1] / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert autoencoders.is_autoencoder(tmp_path)
    with pytest.raises(Unavailable, match="holds no weights"):
        huggingface.build(model_spec(reference(tmp_path), ()), 0)
    (tmp_path / "config.json").write_text(json.dumps({**config, "latent_channels": 3}))
    weights = "diffusion_pytorch_model.safetensors"
    (tmp_path / weights).write_bytes((saved[1] / weights).read_bytes())

    with pytest.raises(WeightsError, match="cannot be loaded"):
        huggingface.build(model_spec(reference(tmp_path), ()), 0)


def test_missing_tensors_are_refused(saved, tmp_path):
    """A checkpoint that lacks tensors of the encoder is refused: nothing random is called pre-trained."""
    from safetensors.torch import load_file, save_file

    weights = "diffusion_pytorch_model.safetensors"
    (tmp_path / "config.json").write_text((saved[1] / "config.json").read_text())
    state = load_file(saved[1] / weights)
    state.pop("encoder.conv_in.weight")
    save_file(state, tmp_path / weights)

    with pytest.raises(WeightsError, match=r"does not fit its architecture.*encoder\.conv_in\.weight"):
        huggingface.build(model_spec(reference(tmp_path), ()), 0)
