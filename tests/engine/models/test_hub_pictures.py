"""Tests of the image models of transformers: what they are fed, and what is made of what they give."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    AutoImageProcessor,
    CLIPImageProcessor,
    ConvNextImageProcessor,
    MobileViTImageProcessor,
    SiglipConfig,
    SiglipImageProcessor,
    SiglipModel,
    ViTConfig,
    ViTImageProcessor,
    ViTMAEConfig,
    ViTMAEModel,
    ViTModel,
)

from ptmbench.catalog.model_references import model_specs
from ptmbench.engine.inputs.own_pictures import trial_pictures
from ptmbench.engine.models import huggingface
from ptmbench.errors import WeightsError

VISION = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "patch_size": 8}


def built(folder, options=""):
    """The folder's model, and its specs."""
    spec, control = model_specs(f"hf:{folder}{options}", ())
    return huggingface.build(spec, 0), spec, control


def processed(loaded, processor):
    """The inputs of one picture with detail: ours, and the processor's own."""
    picture = trial_pictures()[0]
    ours = loaded.preprocessing.apply(torch.from_numpy(picture).permute(2, 0, 1)[None])
    return ours, processor(images=Image.fromarray(picture), return_tensors="pt")["pixel_values"]


PROCESSORS = {
    "mobilevit": MobileViTImageProcessor(size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}),
    "convnext384": ConvNextImageProcessor(size={"shortest_edge": 384}),
    "convnext": ConvNextImageProcessor(size={"shortest_edge": 32}),
    "as_it_is": ViTImageProcessor(size={"height": 32, "width": 32}, do_normalize=False),
    "in_bytes": ViTImageProcessor(size={"height": 32, "width": 32}, do_rescale=False),
    "lanczos": ViTImageProcessor(size={"height": 32, "width": 32}, resample=1),
    "nearest": ViTImageProcessor(size={"height": 32, "width": 32}, resample=0),
    "padded": CLIPImageProcessor(size={"shortest_edge": 24}, crop_size={"height": 32, "width": 32}),
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_pictures_are_fed_as_the_processor_does(tmp_path, name):
    """Order of channels, values, filter, crop and squash are the processor's own, whatever its settings call them."""
    size = 384 if name == "convnext384" else 32
    ViTModel(ViTConfig(**VISION, image_size=size)).save_pretrained(tmp_path)
    PROCESSORS[name].save_pretrained(tmp_path)
    loaded, _, _ = built(tmp_path, "?modality=image")
    ours, own = processed(loaded, AutoImageProcessor.from_pretrained(tmp_path))

    assert own.shape == ours.shape
    assert float((own - ours).abs().mean()) <= 0.01 * float(own.std())


def test_a_masked_autoencoder_hides_nothing(tmp_path):
    """The same pictures give the same features, all patches in their order."""
    ViTMAEModel(ViTMAEConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    tail = built(tmp_path)[0].backbone.tail
    pictures = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(tail(pictures), tail(pictures))
        assert (2, 17, 16) == tail(pictures).shape


def test_models_of_pictures_and_texts_give_the_tower_that_is_asked_for(tmp_path):
    """SigLIP's image tower takes pictures, and its tokens are averaged over all: none of them is first."""
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = SiglipConfig(text_config={**text, "vocab_size": 12}, vision_config={**VISION, "image_size": 32})
    SiglipModel(config).save_pretrained(tmp_path)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    loaded, _, control = built(tmp_path, "?modality=image")

    assert ({"mean": 16}, 1.0) == (loaded.backbone.sizes, loaded.loaded_fraction)
    assert {"mean": 16} == huggingface.build(control, 0).backbone.sizes


def test_a_missing_processor_is_named(tmp_path):
    """The file and where to get it."""
    ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(tmp_path)

    with pytest.raises(WeightsError, match=r"no image processor \(preprocessor_config.json\): copy the file"):
        built(tmp_path)


def test_half_a_pixel_of_margin_goes_where_the_processor_puts_it(tmp_path):
    """transformers rounds down what torchvision rounds to the nearest: else every other picture is a pixel off."""
    ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor.save_pretrained(tmp_path)
    loaded, _, _ = built(tmp_path, "?modality=image")
    for width in range(33, 41):
        picture = torch.randint(0, 255, (3, 32, width), dtype=torch.uint8)
        own = processor(images=Image.fromarray(picture.permute(1, 2, 0).numpy()), return_tensors="pt")["pixel_values"]

        torch.testing.assert_close(own, loaded.preprocessing.apply(picture[None]))


def test_one_number_stands_for_all_channels(tmp_path):
    """A mean and a deviation of one value are those of red, green and blue, as the processor itself takes them."""
    ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.4], image_std=[0.3]).save_pretrained(tmp_path)
    preprocessing = built(tmp_path, "?modality=image")[0].preprocessing

    assert ((0.4,) * 3, (0.3,) * 3) == (preprocessing.mean, preprocessing.std)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"image_std": [0.0] * 3}, "image_std is .0.0, 0.0, 0.0., expected numbers above 0"),
        ({"image_mean": [0.5, 0.5]}, "image_mean is .0.5, 0.5., expected three numbers"),
        ({"image_mean": ["a", 0, 0], "rescale_factor": 0}, "expected three numbers; rescale_factor is 0"),
        ({"size": {"height": 0, "width": 32}}, "size has height 0, expected pixels"),
        ({"resample": 17}, "resample is 17, expected one of Pillow's filters, 0 to 5"),
    ],
    ids=["std", "two", "several", "size", "filter"],
)
def test_settings_that_prepare_no_picture_are_named(tmp_path, settings, told):
    """Whoever edited the file learns which value is wrong, in place of a division by zero somewhere inside."""
    ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    file = tmp_path / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))

    with pytest.raises(WeightsError, match=f"{told}.*; mend preprocessor_config.json beside the weights"):
        built(tmp_path, "?modality=image")


def test_a_repository_of_timm_is_fed_as_timm_does(tmp_path):
    """Its config.json holds what other folders keep in a processor's file; a size takes the place of its own."""
    timm = pytest.importorskip("timm")
    config = {"input_size": [3, 48, 48], "mean": [0.4] * 3, "std": [0.2] * 3, "crop_pct": 0.9}
    settings = {**config, "interpolation": "bicubic", "crop_mode": "center"}
    (tmp_path / "config.json").write_text(
        json.dumps({"architecture": "resnet18", "num_classes": 3, "num_features": 512, "pretrained_cfg": settings})
    )
    network = timm.create_model("resnet18", num_classes=3).eval()
    save_file(network.state_dict(), tmp_path / "model.safetensors", {"format": "pt"})
    loaded, _, control = built(tmp_path, "?modality=image")
    picture = trial_pictures()[0]
    own = timm.data.create_transform(**settings, is_training=False)(Image.fromarray(picture))
    ours = loaded.preprocessing.apply(torch.from_numpy(picture).permute(2, 0, 1)[None])

    assert float((own - ours[0]).abs().mean()) <= 0.01 * float(own.std())
    with torch.no_grad():
        features = loaded.backbone.pooled_by("mean")(ours)
        assert torch.allclose(network.forward_features(ours).mean(dim=(2, 3)), features, atol=1e-5)
    assert (3, 32, 32) == built(tmp_path, "?modality=image&size=32")[0].preprocessing.shape
    assert {"mean": 512} == huggingface.build(control, 0).backbone.sizes
