"""Tests of the comparison with a source's own processor of pictures."""

import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from ptmbench.engine.inputs.own_pictures import OwnPreprocessing, as_the_source, trial_pictures
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.errors import WeightsError

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.25)
CROPPED = ImagePreprocessing(64, MEAN, STD, "bicubic", 72)


def processor(*steps, mean=MEAN, std=STD):
    """A source's processor: steps on the picture, then normalisation."""
    return v2.Compose([*steps, v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)])


def resized(size):
    """A resize step."""
    return v2.Resize(size, v2.InterpolationMode.BICUBIC, antialias=True)


def settled(own):
    """What the comparison makes of `CROPPED` and a source's processor."""
    return as_the_source(CROPPED, own, name="Theirs", identity="theirs")


def test_ours_is_kept_where_it_does_the_same():
    """Pillow resamples a hair differently from torchvision, which is no difference."""
    assert settled(processor(resized(72), v2.CenterCrop(64))) is CROPPED


def test_a_squashed_picture_and_turned_channels_are_found():
    """What a processor does without saying so in its settings is tried: no crop, blue first, both."""
    turned = v2.Lambda(lambda pixels: Image.merge("RGB", pixels.split()[::-1]))

    assert (None, "rgb") == ((found := settled(processor(resized((64, 64))))).resize, found.channels)
    assert (72, "bgr") == ((found := settled(processor(resized(72), v2.CenterCrop(64), turned))).resize, found.channels)
    assert (None, "bgr") == ((found := settled(processor(resized((64, 64)), turned))).resize, found.channels)


@pytest.mark.parametrize(
    ("own", "cause", "shape"),
    [
        (processor(v2.Resize(72), v2.CenterCrop(64)), "the crop or the filter", (3, 64, 64)),
        (processor(resized(80), v2.CenterCrop(64)), "the crop or the filter", (3, 64, 64)),
        (processor(resized(72), v2.CenterCrop((64, 48))), "the shape", (3, 64, 48)),
        (processor(resized(72), v2.CenterCrop(64), std=(1, 1, 1)), "values or channels", (3, 64, 64)),
        (processor(resized(72), v2.CenterCrop(64), v2.Grayscale(3)), "values or channels", (3, 64, 64)),
    ],
    ids=["filter", "portion", "oblong", "values", "grey"],
)  # fmt: skip
def test_the_sources_own_is_taken_where_ours_differs(own, cause, shape):
    """Inputs are then those of the source to the bit, and the record says whose and why."""
    found = settled(own)
    picture = trial_pictures()[1]

    assert isinstance(found, OwnPreprocessing)
    assert torch.equal(own(Image.fromarray(picture)), found.apply(torch.from_numpy(picture).permute(2, 0, 1)[None])[0])
    assert (("Theirs", cause), shape) == ((found.name, found.cause), found.shape)
    assert found.fields().get("own_difference", 1) > 0.02


def test_what_is_no_picture_is_refused():
    """A processor that cuts a picture into patches serves a model that ptmbench does not feed."""
    with pytest.raises(WeightsError, match=r"Theirs makes \[9, 48\] of a picture"):
        settled(lambda _picture: torch.zeros(9, 48))
