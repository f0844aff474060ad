"""Tests of reading a user's masks."""

import numpy as np
import pytest
from PIL import Image

from ptmbench.cli import main
from ptmbench.errors import UsageError
from ptmbench.files.masks import IGNORED, MaskForm, read_masks

NAMES = "abcdefghijklmnop"  # enough for a picture in each part


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
    found = read_masks(tmp_path, MaskForm(classes=2))

    assert ("train", "test") == found.parts
    assert ("train/images/a.jpg", "test/images/a.jpg") == found.ids


def test_all_faults_are_told_at_once(tmp_path):
    """An index out of range, another size, a picture without a mask and a coloured mask stand in one message."""
    pair(tmp_path, "a", [1, 7, 9])
    pair(tmp_path, "b", [1], size=(5, 4))
    pair(tmp_path, "c", [1])
    Image.new("RGB", (6, 4), "red").save(tmp_path / "masks" / "c.png")
    pair(tmp_path, "d", [1])
    (tmp_path / "masks" / "e.png").write_bytes(b"no picture")
    Image.new("RGB", (6, 4)).save(tmp_path / "images" / "e.jpg")
    Image.new("RGB", (6, 4)).save(tmp_path / "images" / "f.jpg")

    with pytest.raises(UsageError) as told:
        read_masks(tmp_path, MaskForm(classes=3))
    message = str(told.value)
    assert "5 faults" in message
    for fault in ("a.png: has the index 7, 9, expected 0 to 2, or 255", "b.png: is 6x4, its picture 5x4"):
        assert fault in message
    for fault in (
        "c.png: is coloured or transparent (mode RGB): expected one channel of class indices; write 0, 1",
        "e.png: no picture that Pillow can read",
        "f.jpg has no mask",
    ):
        assert fault in message
    found = read_masks(tmp_path, MaskForm(classes=3), skip_bad=True)
    assert (("images/d.jpg",), 5) == (found.ids, len(found.left_out))


def test_the_fault_of_many_masks_is_told_once(tmp_path):
    """Forty masks with one fault are one line with a count, so that a fault of another kind is seen beside them."""
    for number in range(40):
        pair(tmp_path, f"m{number:02}", [7])
    for number in range(5):
        Image.new("RGB", (6, 4)).save(tmp_path / "images" / f"n{number}.jpg")
    pair(tmp_path, "z", [1])
    Image.new("RGB", (6, 4), "red").save(tmp_path / "masks" / "z.png")

    with pytest.raises(UsageError) as told:
        read_masks(tmp_path, MaskForm(classes=3))
    message = str(told.value)
    assert ": 46 faults: " in message
    assert "/images/n0.jpg has no mask (and 4 others likewise), " in message
    assert (
        "masks/m00.png: has the index 7, expected 0 to 2, or 255 (and 39 others likewise), masks/z.png: is" in message
    )
    assert "m01" not in message


def test_check_reads_masks(tmp_path, capsys):
    """`ptmbench check masks:DIR` says what is there, and ends with 2 where something is wrong."""
    for name in NAMES:
        pair(tmp_path, name, [1, 2])

    assert 0 == main(["check", f"masks:{tmp_path}"])
    said = capsys.readouterr().out
    assert f"{len(NAMES)} pictures (training" in said
    assert "masks of 3 classes" in said
    assert 2 == main(["check", f"masks:{tmp_path}?classes=2"])
    assert "a.png: has the index 2" in capsys.readouterr().err
    assert 2 == main(["check", f"masks:{tmp_path / 'none'}"])
    assert "expected DIR/images" in capsys.readouterr().err


def test_black_and_white_masks_ask_for_their_foreground(tmp_path, capsys):
    """255 is left out, so a mask of 0 and 255 has one class; the message asks whether it is the foreground."""
    for name in NAMES:
        pair(tmp_path, name, [IGNORED, IGNORED])

    for options in ("", "?names=ground,cell", "?classes=2"):
        assert 2 == main(["check", f"masks:{tmp_path}{options}"])
        assert "is 255 the foreground? add ?foreground=255" in capsys.readouterr().err
    assert 0 == main(["check", f"masks:{tmp_path}?foreground=255"])
    assert "masks of 2 classes: background, foreground" in capsys.readouterr().out
    assert 0 == main(["check", f"masks:{tmp_path}?foreground=255&names=ground,cell"])
    assert "masks of 2 classes: ground, cell" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("foreground", "values", "seen"),
    [(255, [255], {0, 1}), (128, [128, 255], {0, 1}), (1, [1, 255], {0, 1}), (128, [255], {0})],
)
def test_one_grey_value_is_the_foreground(foreground, values, seen):
    """It is class 1 and 0 is class 0; 255 is left out unless it is the foreground."""
    form = MaskForm(2, foreground=foreground)

    assert seen == form.indices({0, *values})
    assert "" == form.fault_of({0, *values})


def test_other_values_than_the_foreground_are_faults(tmp_path):
    """A mask with soft edges is told by its values."""
    pair(tmp_path, "a", [255, 128, 3])
    with pytest.raises(UsageError, match="a.png: has the value 3, 128, expected 0 or 255;"):
        read_masks(tmp_path, MaskForm(2, foreground=255))
    with pytest.raises(UsageError, match="a.png: has the value 3, expected 0 or 128, or 255 where no class counts;"):
        read_masks(tmp_path, MaskForm(2, foreground=128))


@pytest.mark.parametrize(
    ("values", "form", "told"),
    [
        ([0], MaskForm(), "expected masks of two classes or more, got 1; the values of all masks: 0"),
        ([0], MaskForm(1, ("ground",)), "expected masks of two classes or more, got 1"),
        ([0], MaskForm(2), "expected masks of two classes or more, got 1"),
        ([0, 2], MaskForm(4, ("a", "b", "c", "d")), r"class 'b' has .* \(the value 1\); class 'd' has no pixel"),
        ([0], MaskForm(2, foreground=128), r"class 'foreground' has no pixel in any mask \(the value 128\)"),
        ([0, 255], MaskForm(2, ("a", "b"), foreground=128), r"class 'b' has no pixel in any mask \(the value 128\)"),
    ],
    ids=["nothing", "one_name", "a_number", "names", "foreground", "foreground_named"],
)
def test_a_class_without_a_pixel_is_a_fault(tmp_path, values, form, told):
    """A set with a single class is right for every model, and a class that was named should be there."""
    pair(tmp_path, "a", values)
    pair(tmp_path, "b", values)

    with pytest.raises(UsageError, match=told):
        read_masks(tmp_path, form)


def test_one_mask_may_lack_a_class(tmp_path):
    """Only a class that no mask of the set has is a fault."""
    pair(tmp_path, "a", [0])
    pair(tmp_path, "b", [1])

    assert 2 == read_masks(tmp_path, MaskForm(2, ("ground", "cell"))).classes


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([0, 128], r"expected the indices 0 to 1 of 2 classes, got a gap.*is 128 the foreground\? \?foreground=128"),
        ([0, 1, 3], r"expected the indices 0 to 2 of 3 classes, got a gap.*\?ignore=3.*\?classes=4"),
        ([1, 2], "got a gap"),
    ],
)
def test_indices_with_gaps_are_refused(tmp_path, values, told):
    """Grey values that are no run from 0 are no indices, as far as anyone has said."""
    pair(tmp_path, "a", values if 0 in values else [*values, 1, 1, 1, 1])
    if 0 not in values:
        Image.fromarray(np.array([[1, 2, 1, 2, 1, 2]] * 4, dtype=np.uint8)).save(tmp_path / "masks" / "a.png")

    with pytest.raises(UsageError, match=told):
        read_masks(tmp_path)


def test_values_can_be_ignored(tmp_path):
    """`ignore` takes values out of the masks, so that the others may be a run, and the digest knows of it."""
    pair(tmp_path, "a", [1, 11])
    form = MaskForm(ignored=frozenset({11}))
    found = read_masks(tmp_path, form)

    assert 2 == found.classes
    assert [0, 1, IGNORED] == form.classes_of(np.array([0, 1, 11])).tolist()
    assert (b"", b"ignored [11]|") == (MaskForm().content(), form.content())


def test_lossy_masks_are_refused(tmp_path):
    """JPEG blurs the indices at the edges of classes: what is read would be classes that are not there."""
    pair(tmp_path, "a", [1])
    Image.open(tmp_path / "masks" / "a.png").save(tmp_path / "masks" / "a.jpg")
    (tmp_path / "masks" / "a.png").unlink()
    with pytest.raises(UsageError, match="masks/a.jpg: is a JPEG file, which blurs indices: save masks as PNG"):
        read_masks(tmp_path)

    (tmp_path / "masks" / "a.jpg").rename(tmp_path / "masks" / "a.png")
    with pytest.raises(UsageError, match="masks/a.png: is a JPEG file"):
        read_masks(tmp_path)


def test_names_of_masks_may_end_in_something(tmp_path):
    """Where all masks are called like their pictures and more, the message says what to type, and that works."""
    pair(tmp_path, "a", [1])
    pair(tmp_path, "b", [1])
    for name in "ab":
        (tmp_path / "masks" / f"{name}.png").rename(tmp_path / "masks" / f"{name}_mask.png")

    with pytest.raises(UsageError, match=r"the names of masks in .*/masks end in _mask: add \?mask_suffix=_mask"):
        read_masks(tmp_path)
    assert ("images/a.jpg", "images/b.jpg") == read_masks(tmp_path, MaskForm(suffix="_mask")).ids


def test_pictures_of_masks_are_decoded(tmp_path):
    """A picture that is cut off is told before anything runs, and so is a mask too large to decode."""
    pair(tmp_path, "a", [1])
    path = tmp_path / "images" / "a.jpg"
    path.write_bytes(path.read_bytes()[:400])

    with pytest.raises(UsageError, match="masks/a.png: its picture a.jpg: truncated"):
        read_masks(tmp_path)


def test_options_reach_the_masks(tmp_path, capsys):
    """`ignore` and `mask_suffix` are options of a reference; an odd value is told."""
    for name in NAMES:
        pair(tmp_path, name, [1, 11])
        (tmp_path / "masks" / f"{name}.png").rename(tmp_path / "masks" / f"{name}_gt.png")

    assert 0 == main(["check", f"masks:{tmp_path}?ignore=11&mask_suffix=_gt"])
    assert "masks of 2 classes" in capsys.readouterr().out
    assert 2 == main(["check", f"masks:{tmp_path}?ignore=none"])
    assert "ignore=none: expected values of masks" in capsys.readouterr().err


def paletted(folder, name, palette, indices=(0, 1)):
    """A pair whose mask has these colours."""
    pair(folder, name, indices)
    with Image.open(folder / "masks" / f"{name}.png") as grey:
        mask = Image.fromarray(np.asarray(grey), mode="P")
    mask.putpalette([part for colour in palette for part in colour])
    mask.save(folder / "masks" / f"{name}.png")


BLACK, RED, BLUE = (0, 0, 0), (128, 0, 0), (0, 0, 128)


def test_palettes_that_disagree_are_refused(tmp_path):
    """An index of another colour in another file may mean another class: two files and the index are named."""
    paletted(tmp_path, "a", [BLACK, RED])
    paletted(tmp_path, "b", [RED, BLACK])
    told = r"0 is \(0, 0, 0\) in masks/a.png and \(128, 0, 0\) in masks/b.png.*one palette, or as grey indices"

    for skip_bad in (False, True):
        with pytest.raises(UsageError, match=told):
            read_masks(tmp_path, skip_bad=skip_bad)


def test_palettes_need_agree_on_what_counts_alone(tmp_path):
    """A longer palette, another colour of an index that no pixel has or that is left out, and grey masks are fine."""
    paletted(tmp_path, "a", [BLACK, RED])
    paletted(tmp_path, "b", [BLACK, RED, BLUE])
    paletted(tmp_path, "c", [BLACK, RED, *[BLUE] * 254], (0, 1, IGNORED))
    paletted(tmp_path, "d", [BLACK, BLUE, *[RED] * 254], (0, 0, IGNORED))
    paletted(tmp_path, "e", [(grey, grey, grey) for grey in range(256)])
    pair(tmp_path, "f", [0, 1])

    assert 2 == read_masks(tmp_path).classes


@pytest.mark.parametrize("place", ["images", "masks"])
def test_two_files_of_one_name_are_a_fault(tmp_path, place):
    """Of two pictures or two masks of one name none is taken silently: both are named, and --skip-bad leaves both."""
    pair(tmp_path, "a", [1])
    pair(tmp_path, "b", [1])
    Image.new("L", (6, 4)).save(tmp_path / place / "a.bmp")
    names = " and ".join(sorted(path.name for path in (tmp_path / place).glob("a.*")))

    with pytest.raises(UsageError, match=f"1 faults: .*/{place}: {names} have one name: keep one of them"):
        read_masks(tmp_path)
    assert ("images/b.jpg",) == read_masks(tmp_path, skip_bad=True).ids


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_grey_saved_with_more_channels_is_read_as_grey(tmp_path, mode):
    """Three equal channels, all of it opaque, hold the indices without a loss."""
    pair(tmp_path, "a", [1, 2, IGNORED], mode=mode)

    assert {0, 1, 2, IGNORED} == read_masks(tmp_path).values


def test_transparent_masks_are_refused(tmp_path):
    """Where a grey mask is transparent, nobody has said what a pixel is."""
    pair(tmp_path, "a", [1, 2])
    Image.new("LA", (6, 4), (1, 9)).save(tmp_path / "masks" / "a.png")

    with pytest.raises(UsageError, match=r"a.png: is coloured or transparent \(mode LA\)"):
        read_masks(tmp_path)


def test_a_folder_called_otherwise_is_to_be_renamed(tmp_path):
    """Where pictures lie beside one folder that is not called masks, the message says what to rename."""
    pair(tmp_path, "a", [1])
    (tmp_path / "masks").rename(tmp_path / "labels")

    with pytest.raises(UsageError, match="has no folder masks: is it labels\\? rename that to masks"):
        read_masks(tmp_path)
