"""Tests of how pictures are brought to the size that a network takes."""

import numpy as np
import pytest
import torch
from PIL import Image

from ptmbench.engine.inputs.own_pictures import trial_pictures
from ptmbench.engine.inputs.pictures import ImagePreprocessing, depends_on, scaled
from ptmbench.files.pictures import PLAIN, Tones

PILLOW = {name: Image.Resampling[name.upper()] for name in ("nearest", "bilinear", "bicubic", "lanczos")}


@pytest.mark.parametrize("name", PILLOW)
@pytest.mark.parametrize("size", [[256], [32, 32], [600], [100, 40]], ids=str)
def test_pictures_are_resized_as_pillow_does(name, size):
    """Every filter, larger and smaller: a grey value or two apart in one of fifty places; the nearest are the same."""
    for picture in trial_pictures():
        ours = scaled(torch.from_numpy(picture).permute(2, 0, 1)[None], size, name)[0].permute(1, 2, 0).numpy()
        height, width = ours.shape[:2]
        theirs = np.array(Image.fromarray(picture).resize((width, height), PILLOW[name]))

        apart = np.abs(ours.astype(int) - theirs)
        assert (apart > 0).mean() < 0.02
        assert name == "nearest" or apart.max() <= 2


def test_rows_of_one_geometry_are_shared():
    """Values to normalise by change no row; whatever moves a pixel does."""
    usual = ImagePreprocessing(32, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), resize=36)
    same = ImagePreprocessing(32, (0.1, 0.1, 0.1), (1.0, 1.0, 1.0), resize=36, preset="a")
    others = [
        ImagePreprocessing(32, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), **changed)
        for changed in ({"resize": 40}, {"resize": 36, "channels": "bgr"}, {"resize": 36, "interpolation": "bicubic"})
    ]
    picture = torch.from_numpy(trial_pictures()[0]).permute(2, 0, 1)[None]

    assert usual.geometry == same.geometry
    assert torch.equal(usual.rows(picture), same.rows(picture))
    assert 4 == len({usual.geometry, *(other.geometry for other in others)})
    assert not any(torch.equal(usual.rows(picture), other.rows(picture)) for other in others)
    assert torch.uint8 == usual.rows(picture).dtype


def test_rows_depend_on_files_and_tones():
    """The same files in other tones are other pictures, and so are other files."""
    plain = depends_on("32 px", [b"a", b"b"], PLAIN)

    assert plain == depends_on("32 px", [b"a", b"b"], PLAIN)
    for other in (depends_on("64 px", [b"a", b"b"], PLAIN), depends_on("32 px", [b"a", b"b"], Tones(bits=12))):
        assert other != plain
