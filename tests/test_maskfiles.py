"""Tests of reading a user's masks."""

import numpy as np
import pytest
from PIL import Image

from ptmbench.cli import main
from ptmbench.errors import UsageError
from ptmbench.maskfiles import IGNORED, read_masks


def pair(folder, name, indices, size=(6, 4), mode="L"):
    """A picture and a mask with these indices in its first row."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(folder / "images" / f"{name}.jpg")
    mask = np.zeros((4, 6), dtype=np.uint8)
    mask[0, : len(indices)] = indices
    Image.fromarray(mask).convert(mode).save(folder / "masks" / f"{name}.png")


def test_pairs_are_read(tmp_path):
    """Pictures and masks of one name make a pair; 255 is no class."""
    pair(tmp_path, "a", [1, 2, IGNORED])
    pair(tmp_path, "b", [0])
    found = read_masks(tmp_path)

    assert ("images/a.jpg", "images/b.jpg") == found.ids
    assert (3, None) == (found.classes, found.parts)


def test_folders_are_parts(tmp_path):
    """Below train and test the pairs belong to that part."""
    pair(tmp_path / "train", "a", [1])
    pair(tmp_path / "test", "a", [1])
    found = read_masks(tmp_path, classes=2)

    assert ("train", "test") == found.parts
    assert ("train/images/a.jpg", "test/images/a.jpg") == found.ids


def test_all_faults_are_told_at_once(tmp_path):
    """An index out of range, another size, a picture without a mask and a coloured mask stand in one message."""
    pair(tmp_path, "a", [1, 7, 9])
    pair(tmp_path, "b", [1], size=(5, 4))
    pair(tmp_path, "c", [1], mode="RGB")
    pair(tmp_path, "d", [1])
    (tmp_path / "masks" / "e.png").write_bytes(b"no picture")
    Image.new("RGB", (6, 4)).save(tmp_path / "images" / "e.jpg")
    Image.new("RGB", (6, 4)).save(tmp_path / "images" / "f.jpg")

    with pytest.raises(UsageError) as told:
        read_masks(tmp_path, classes=3)
    message = str(told.value)
    assert "5 faults" in message
    for fault in ("a.png: has the index 7, 9, expected 0 to 2, or 255", "b.png: is 6x4, its picture 5x4"):
        assert fault in message
    for fault in ("c.png: has the mode RGB", "e.png: cannot be read", "f.jpg has no mask"):
        assert fault in message
    found = read_masks(tmp_path, classes=3, skip_bad=True)
    assert (("images/d.jpg",), 5) == (found.ids, len(found.left_out))


def test_check_reads_masks(tmp_path, capsys):
    """`ptmbench check masks:DIR` says what is there, and ends with 2 where something is wrong."""
    pair(tmp_path, "a", [1, 2])

    assert 0 == main(["check", f"masks:{tmp_path}"])
    assert "1 pictures (training 1, validation 0, test 0), masks of 3 classes" in capsys.readouterr().out
    assert 2 == main(["check", f"masks:{tmp_path}?classes=2"])
    assert "a.png: has the index 2" in capsys.readouterr().err
    assert 2 == main(["check", f"masks:{tmp_path / 'none'}"])
    assert "expected DIR/images" in capsys.readouterr().err
