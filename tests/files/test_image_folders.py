"""Tests of image folders: what is indexed, and what is said of faulty ones."""

import os

import pytest
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.image_folders import read_image_folder


def paint(file, colour=(200, 30, 30)):
    """A small picture in a folder that need not be there yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 9), colour).save(file)


@pytest.fixture
def divided(tmp_path):
    """Two classes of three pictures in train and two in test."""
    for part, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            for index in range(count):
                paint(tmp_path / part / name / f"{index}.png", (index, len(name), 7))
    return tmp_path


def test_a_divided_folder_keeps_its_parts(divided):
    """Files, classes and parts are those of the folders, in a fixed order."""
    found = read_image_folder(divided)

    assert ("cat", "dog") == found.classes
    assert ("train/cat/0.png", 0, "train") == (found.ids[0], found.labels[0], found.parts[0])
    assert 10 == len(found.files) == len(set(found.ids))
    assert {"train": 6, "test": 4} == {part: found.parts.count(part) for part in ("train", "test")}


def test_a_single_folder_leaves_the_split_open(tmp_path):
    """Class folders alone have no parts; hidden files and other files are passed over."""
    for name in ("cat", "dog"):
        paint(tmp_path / name / "a.jpg")
    (tmp_path / "cat" / "notes.txt").write_text("not a picture")
    (tmp_path / "cat" / ".hidden.png").write_bytes(b"")
    found = read_image_folder(tmp_path)

    assert None is found.parts
    assert ("cat/a.jpg", "dog/a.jpg") == found.ids


def test_val_stands_in_for_a_missing_test_part(divided):
    """Folders called train and val are training and test."""
    (divided / "test").rename(divided / "val")

    assert {"train", "test"} == set(read_image_folder(divided).parts)


def test_digests_are_of_the_content(divided):
    """The same pixels under another time have the same digest, other pixels another one."""
    before = read_image_folder(divided).digests
    os.utime(divided / "train" / "cat" / "0.png", (1, 1))
    paint(divided / "train" / "cat" / "1.png", (99, 99, 99))
    after = read_image_folder(divided).digests

    assert before[0] == after[0]
    assert before[1] != after[1]


def test_all_faults_are_told_at_once_and_can_be_skipped(divided):
    """Empty, truncated, half-downloaded and wrong files stand in one message; --skip-bad goes on without them."""
    (divided / "train" / "cat" / "empty.png").write_bytes(b"")
    (divided / "train" / "dog" / "text.jpg").write_text("hello")
    paint(divided / "train" / "dog" / "cut.jpg")
    whole = (divided / "train" / "dog" / "cut.jpg").read_bytes()
    (divided / "train" / "dog" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (divided / "test" / "dog" / "big.png.part").write_bytes(b"x")
    names = (r"big.png.part \(half-downloaded", r"empty.png \(empty", r"cut.jpg \(", r"text.jpg \(no picture")
    told = f"(?s)4 files.*{'.*'.join(names)}.*--skip-bad"

    with pytest.raises(UsageError, match=told):
        read_image_folder(divided)
    found = read_image_folder(divided, skip_bad=True)

    assert 10 == len(found.files)
    assert 4 == len(found.left_out)


def test_a_message_lists_twenty_files_and_a_count(divided):
    """The first twenty of many faulty files are named."""
    for index in range(30):
        (divided / "train" / "cat" / f"bad{index:02}.png").write_bytes(b"x")

    with pytest.raises(UsageError, match="30 files.*bad19.png.* and 10 more"):
        read_image_folder(divided)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "train" / "fox").mkdir(), "no images in test of the classes fox"),
        (lambda folder: paint(folder / "train" / "fox" / "1.png"), "no images in test of the classes fox"),
        (lambda folder: paint(folder / "test" / "fox" / "1.png"), "no images in train of the classes fox"),
        (lambda folder: (folder / "train").rename(folder / "val"), "no train folder"),
        (lambda folder: (folder / "test").rename(folder / "train" / "fox"), "no test folder"),
    ],
)
def test_parts_that_do_not_fit_are_refused(divided, change, message):
    """A class that one part lacks, or a part that is missing, is said by name."""
    change(divided)

    with pytest.raises(UsageError, match=message):
        read_image_folder(divided)


@pytest.mark.parametrize("names", [("training_set", "test_set"), ("seg_train", "seg_test"), ("TrainImages", "valid")])
def test_names_that_hold_a_usual_one_are_parts(divided, names):
    """Where two folders divide into the same classes they are parts, and no classes themselves."""
    for before, after in zip(("train", "test"), names, strict=True):
        (divided / before).rename(divided / after)
    found = read_image_folder(divided)

    assert (("cat", "dog"), {"train": 6, "test": 4}) == (found.classes, {p: found.parts.count(p) for p in found.parts})


def test_a_class_may_have_the_name_of_a_part(tmp_path):
    """Pictures right in a folder called train make it a class, and so does a name that only holds the word."""
    for name in ("train", "bus", "test_tube"):
        paint(tmp_path / name / "0.png")
    found = read_image_folder(tmp_path)

    assert (("bus", "test_tube", "train"), None) == (found.classes, found.parts)


def test_nothing_of_a_divided_folder_is_lost_without_a_word(divided):
    """Two folders for a part are refused, pictures outside of classes are faults, and other folders are told."""
    paint(divided / "extra" / "cat" / "9.png")
    assert ("extra/ (no part: 1 pictures)",) == read_image_folder(divided).left_out
    paint(divided / "train" / "9.png")
    with pytest.raises(UsageError, match=r"train/9.png \(in no class folder\)"):
        read_image_folder(divided)
    assert 10 == len(read_image_folder(divided, skip_bad=True).files)
    for name in ("val", "valid"):
        paint(divided / name / "cat" / "0.png")
    with pytest.raises(UsageError, match=r"several folders for a part: validation \(val, valid\): expected one"):
        read_image_folder(divided)


def test_classes_that_lie_deeper_are_found(divided):
    """A folder above the one that is meant says which one to name."""
    (divided / "images").mkdir()
    for part in ("train", "test"):
        (divided / part).rename(divided / "images" / part)
    with pytest.raises(UsageError, match=r"expected two or more; the classes seem to lie deeper: imagefolder:.*images"):
        read_image_folder(divided)


def test_one_class_is_no_classification(tmp_path):
    """A folder with a single class, without classes, or that is none, is refused."""
    with pytest.raises(UsageError, match="no class folders"):
        read_image_folder(tmp_path)
    paint(tmp_path / "cat" / "1.png")
    with pytest.raises(UsageError, match="1 class with images: expected two or more"):
        read_image_folder(tmp_path)
    with pytest.raises(UsageError, match="is not a folder: expected DIR/train/CLASS"):
        read_image_folder(tmp_path / "nowhere")


def test_linked_folders_are_followed(divided, tmp_path_factory):
    """Pictures behind a linked folder count as those beside it, and a link that leads back ends."""
    store = tmp_path_factory.mktemp("store")
    for index in range(5):
        paint(store / f"{index}.png", (index, 9, 9))
    (divided / "train" / "dog" / "more").symlink_to(store)
    (store / "back").symlink_to(divided / "train" / "dog")

    assert 15 == len(read_image_folder(divided).files)


def test_files_of_other_forms_are_told(divided):
    """Pictures of a form that is not read, and links that lead nowhere, are counted and named."""
    for name in ("1.heic", "2.heic", "3.dng"):
        (divided / "train" / "cat" / name).write_bytes(b"x")
    (divided / "train" / "cat" / "4.png").symlink_to(divided / "nowhere.png")

    with pytest.raises(
        UsageError, match=r"4 files .*\(\.heic 2, .*1.heic \(of a form that is not read.*4.png \(a link"
    ):
        read_image_folder(divided)
    assert 10 == len(read_image_folder(divided, skip_bad=True).files)


def test_skipping_never_loses_a_class(divided):
    """Where no training image of a class is sound, going on without it would be another task."""
    for path in (divided / "train" / "cat").iterdir():
        path.write_bytes(b"no picture")

    with pytest.raises(UsageError, match="no sound training image is left of cat"):
        read_image_folder(divided, skip_bad=True)


def test_a_train_folder_alone_can_be_split(divided):
    """The message says what to type where only the training part is there."""
    for path in sorted((divided / "test").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (divided / "test").rmdir()

    with pytest.raises(UsageError, match=f"name it: imagefolder:{divided}/train"):
        read_image_folder(divided)
