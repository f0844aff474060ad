"""Tests of a user's own checkpoints: what their pictures go through."""

import pytest
import torch
from torchvision import models

from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.references import parse
from ptmbench.cli import main
from ptmbench.engine.models import local
from ptmbench.errors import UnknownName, UsageError


def settings(options, name="mobilenet_v2"):
    """What the pictures of a checkpoint for that builder go through."""
    return local.preprocessing_of(parse(f"file:w.pth#torchvision:{name}{options}"))


def test_the_preset_is_stated():
    """It is that of the builder's newest weights, or of those that the reference names, and the record says which."""
    newest, first = settings(""), settings("", "mobilenet_v2@IMAGENET1K_V1")

    assert (232, "torchvision's MobileNet_V2_Weights.IMAGENET1K_V2") == (newest.resize, newest.fields()["preset"])
    assert (256, "torchvision's MobileNet_V2_Weights.IMAGENET1K_V1") == (first.resize, first.fields()["preset"])


def test_options_change_the_preset():
    """Each setting has its option, and the record names those that were given."""
    found = settings("?resize=288&crop=256&interpolation=bicubic&mean=0,0,0&std=1,1,1&channels=bgr")

    assert (288, 256, "bicubic", (0, 0, 0), (1, 1, 1), "bgr") == (
        *(found.resize, found.side, found.interpolation, found.mean, found.std),
        found.channels,
    )
    assert found.preset.endswith("V2 but for crop, resize, interpolation, mean, std, channels")
    assert (None, 224) == ((squashed := settings("?resize=none")).resize, squashed.side)
    assert 265 == settings("?crop=256").resize  # in proportion, as with size


def test_settings_that_cannot_be_are_refused():
    """A crop larger than the picture would be filled up with black."""
    with pytest.raises(UsageError, match=r"brought to 200 px and 224 px are cut out .* resize=224 or more"):
        settings("?resize=200")
    with pytest.raises(UnknownName, match="did you mean bicubic"):
        settings("?interpolation=bicubi")
    with pytest.raises(UnknownName, match="did you mean bgr"):
        settings("?channels=grey")


def test_channels_are_turned():
    """Blue first is the picture with its channels the other way round."""
    pixels = torch.randint(0, 255, (1, 3, 40, 40), dtype=torch.uint8)
    plain, turned = (settings(f"?size=32&mean=0,0,0&std=1,1,1&channels={order}") for order in ("rgb", "bgr"))

    assert torch.equal(plain.apply(pixels.flip(1)), turned.apply(pixels))


def test_a_run_prints_the_preset(tmp_path, capsys):
    """The line stands below the table, with the options that change it."""
    torch.save(models.squeezenet1_1(weights=None, num_classes=1000).state_dict(), tmp_path / "w.pth")
    reference = f"file:{tmp_path / 'w.pth'}#torchvision:squeezenet1_1?name=mine&size=32"
    assert model_spec(reference, ()).name == "mine"
    call = ["run", "--model", reference, "--task", "digits_5shot", "--method", "knn", "--budget", "smoke"]

    assert 0 == main([*call, "--results", str(tmp_path / "out")])
    shown = " ".join(capsys.readouterr().out.split())
    assert "mine: pictures as in torchvision's SqueezeNet1_1_Weights.IMAGENET1K_V1 (37 px cut to 32" in shown
    assert "?interpolation=" in shown
