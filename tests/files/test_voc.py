"""Tests of Pascal VOC folders: every faulty box is named."""

import pytest
from boxed import write_voc
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.voc import read_voc


def test_voc_keeps_parts_and_hard_objects(tmp_path):
    """ImageSets say the part of each picture, those in none are passed over, and a difficult object stays marked."""
    pictures = {name: [("cat", 1, 1, 1, 9, 9), ("dog", 0, 2, 2, 9, 9)] for name in "abcd"}
    found = read_voc(write_voc(tmp_path, pictures, {"train": "ab", "val": [], "test": "c"}))

    assert {"a": "train", "b": "train", "c": "test"} == {picture.id: picture.part for picture in found.pictures}
    assert (True, False) == found.pictures[0].ignored


def test_the_pictures_own_size_counts(tmp_path):
    """A size told wrong is a fault of the annotation, one of 0 is looked up, and a file that is no picture is named."""
    folder = write_voc(tmp_path, {name: [("cat", 0, 60, 1, 80, 9)] for name in "abc"})
    for name, width in (("a", 90), ("b", 0)):
        file = folder / "Annotations" / f"{name}.xml"
        file.write_text(
            file.read_text().replace("<width>100<", f"<width>{width}<").replace(">50<", f">{width and 50}<")
        )
    (folder / "JPEGImages" / "c.jpg").write_text("no picture")
    told = (
        "2 faults",
        "a.xml: says 90x50, and the picture a.jpg is 100x50",
        "c.xml: the picture c.jpg: no picture that",
    )

    with pytest.raises(UsageError, match=f"(?s){'.*'.join(told)}"):
        read_voc(folder)
    found = read_voc(folder, skip_bad=True)

    assert [("b", (100, 50))] == [(picture.id, picture.size) for picture in found.pictures]


def test_pictures_without_annotation_are_told(tmp_path):
    """Where no lists say which pictures count, each needs an annotation."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)]})
    Image.new("RGB", (9, 9)).save(folder / "JPEGImages" / "alone.jpg")

    with pytest.raises(UsageError, match=r"1 faults: alone.jpg has no annotation"):
        read_voc(folder)


def test_pictures_without_objects_stay(tmp_path):
    """A picture in which nothing is to be found is an example too."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)], "b": []})

    assert [1, 0] == [len(picture.boxes) for picture in read_voc(folder).pictures]


def test_all_faulty_boxes_are_told_at_once_and_can_be_skipped(tmp_path):
    """Boxes without area or outside the picture, and pictures that are not there, stand in one message.

    A picture with a faulty box is left out whole: without it, the object would be background.
    """
    bad = [("cat", 0, 5, 5, 5, 5), ("cat", 0, 9, 1, 3, 4), ("dog", 0, 50, 1, 101, 9), ("dog", 0, 1, 1, 9, 9)]
    folder = write_voc(tmp_path, {"a": bad, "b": bad[-1:], "c": [("cat", 0, 2, 2, 9, 9), bad[-1]]})
    (folder / "JPEGImages" / "b.jpg").unlink()
    told = (
        "4 faults",
        "a.xml: a box of cat",
        "has no area",
        "lies outside the picture of 100x50",
        "by 1 px",
        "b.jpg: not there",
    )

    with pytest.raises(UsageError, match=f"(?s){'.*'.join(told)}"):
        read_voc(folder)
    found = read_voc(folder, skip_bad=True)

    assert ([("cat", "dog")], 4) == ([picture.names for picture in found.pictures], len(found.left_out))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation>", "a.xml: no element found"),
        ("<annotation></annotation>", "a.xml: expected an <annotation> of Pascal VOC, got <annotation> with 0 entries"),
        ("<annotation><size><width>wide</width><height>5</height></size></annotation>", "could not convert"),
    ],
)
def test_broken_annotations_are_named(tmp_path, text, message):
    """XML that is cut off, or lacks what it must have, is a fault of its file."""
    write_voc(tmp_path, {"a": [], "b": [("cat", 0, 1, 1, 9, 9)]})
    (tmp_path / "Annotations" / "a.xml").write_text(text)

    with pytest.raises(UsageError, match=message):
        read_voc(tmp_path)


def test_voc_counted_from_0_is_seen(tmp_path):
    """A box that begins at 0 shows files counted from 0, as does one that reaches the width whether ends count."""
    inclusive = {"a": [("cat", 0, 0, 6, 19, 10)], "b": [("cat", 0, 3, 3, 99, 9)]}
    exclusive = {**inclusive, "b": [("cat", 0, 3, 3, 100, 9)]}
    found = [read_voc(write_voc(tmp_path / name, made)) for name, made in (("i", inclusive), ("e", exclusive))]

    assert [(0, 6, 20, 11), (0, 6, 19, 10)] == [one.pictures[0].boxes[0] for one in found]
    assert [(3, 3, 100, 10), (3, 3, 100, 9)] == [one.pictures[1].boxes[0] for one in found]
    assert ["inclusive" in one.notes[0] for one in found] == [True, False]


def test_the_first_pixel_of_voc_can_be_said(tmp_path):
    """`first=0` shifts boxes of which none begins at 0, and `first=1` tells of one that does, in the file's numbers."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 5, 6, 19, 10)]})
    assert ((4, 5, 19, 10), (5, 6, 20, 11)) == tuple(read_voc(folder, first=at).pictures[0].boxes[0] for at in (1, 0))

    write_voc(tmp_path, {"a": [("cat", 0, 0, 6, 19, 10)]})
    with pytest.raises(UsageError, match=r"a box of cat \[0.0, 6.0, 19.0, 10.0\] lies outside .* by 1 px"):
        read_voc(folder, first=1)


def test_lists_of_voc_may_hold_spaces(tmp_path):
    """A line of a list is a whole name where a picture has it, else its first word; trainval stands for train."""
    boxes = [("cat", 0, 1, 1, 9, 9)]
    folder = write_voc(tmp_path, {"my cat 1": boxes, "b": boxes}, {"trainval": ["my cat 1"], "test": ["b -1"]})

    assert {"my cat 1": "train", "b": "test"} == {one.id: one.part for one in read_voc(folder).pictures}


def test_skipping_never_loses_a_class(tmp_path):
    """Where every box of a class is faulty in training or in test, going on would be another task: it is refused."""
    sound, bad = ("dog", 0, 1, 1, 9, 9), ("cat", 0, 1, 1, 300, 9)
    folder = write_voc(tmp_path, {"a": [sound, bad], "b": [sound]})
    with pytest.raises(UsageError, match="no sound box is left of cat in training pictures"):
        read_voc(folder, skip_bad=True)

    parts = {"train": ["a", "c"], "test": ["b"]}
    write_voc(tmp_path, {"a": [sound], "b": [sound, bad], "c": [("cat", 0, 1, 1, 9, 9)]}, parts)
    with pytest.raises(UsageError, match="no sound box is left of cat in test pictures"):
        read_voc(folder, skip_bad=True)


def test_a_name_in_two_lists_is_a_fault(tmp_path):
    """A picture is learned from or judged by, never both; VOC's own trainval holds both lists and is passed over."""
    boxes = [("cat", 0, 1, 1, 9, 9)]
    pictures = {"a": boxes, "b": boxes}
    lists = {"train": ["a"], "val": ["b"], "trainval": ["a", "b"]}

    assert {"a": "train", "b": "test"} == {
        one.id: one.part for one in read_voc(write_voc(tmp_path, pictures, lists)).pictures
    }
    with pytest.raises(UsageError, match=r"each name in one list, got 1 in two: a \(train.txt and val.txt\)"):
        read_voc(write_voc(tmp_path, pictures, {"train": ["a"], "val": ["a", "b"]}))


def changed(folder, name, old, new):
    """An annotation with one text in place of another."""
    file = folder / "Annotations" / f"{name}.xml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return folder


@pytest.mark.parametrize("told", ["", "<size/>", "<size><width></width><height>50</height></size>"])
def test_a_size_that_voc_does_not_tell_is_the_pictures(tmp_path, told):
    """Pictures are looked at anyway."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 100, 50)]})
    changed(folder, "a", "<size><width>100</width><height>50</height></size>", told)

    assert (100, 50) == read_voc(folder).pictures[0].size


@pytest.mark.parametrize("called", ["a.png", "a", "C:\\imgs\\a.jpg", "/home/me/a.jpeg", "a.JPG"])
def test_the_picture_of_voc_is_found(tmp_path, called):
    """Another suffix than that of the file, none, and a path of another machine lead to the one picture."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)]})
    changed(folder, "a", ">a.jpg<", f">{called}<")

    assert "a.jpg" == read_voc(folder).pictures[0].file.name
    Image.new("RGB", (100, 50)).save(folder / "JPEGImages" / "a.bmp")
    changed(folder, "a", f">{called}<", ">a.tif<")
    with pytest.raises(UsageError, match="the picture a.tif: not there"):
        read_voc(folder)


def test_lists_of_voc_may_hold_file_names(tmp_path):
    """A line with a picture's suffix means the picture without it."""
    boxes = [("cat", 0, 1, 1, 9, 9)]
    folder = write_voc(tmp_path, {"a": boxes, "b c": boxes}, {"train": ["a.jpg 1"], "test": ["b c.png"]})

    assert {"a": "train", "b c": "test"} == {one.id: one.part for one in read_voc(folder).pictures}


@pytest.mark.parametrize(
    ("told", "ignored"), [("True", True), ("yes", True), (" 1 ", True), ("False", False), ("", False)]
)
def test_difficult_is_read_in_words(tmp_path, told, ignored):
    """What other programs write for 1 and 0 is read as such, and anything else is a fault of its file."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)]})
    changed(folder, "a", "<difficult>0<", f"<difficult>{told}<")

    assert (ignored,) == read_voc(folder).pictures[0].ignored
    changed(folder, "a", f"<difficult>{told}<", "<difficult>maybe<")
    with pytest.raises(UsageError, match="a.xml: expected 0 or 1 as <difficult>, got 'maybe'"):
        read_voc(folder)


def test_an_object_that_stands_twice_counts_once(tmp_path):
    """The second copy is told with its file, and --skip-bad keeps the first."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)] * 2})

    with pytest.raises(UsageError, match=r"1 faults: a.xml: a box of cat \[1.0, 1.0, 9.0, 9.0\] stands 2 times;"):
        read_voc(folder)
    assert 1 == len(read_voc(folder, skip_bad=True).pictures[0].boxes)


def test_class_names_that_differ_by_case_are_refused(tmp_path):
    """Cat and cat would be two classes, --skip-bad or not; the letters A and a may be."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)], "b": [("Cat", 0, 1, 1, 9, 9)]})

    for skip_bad in (False, True):
        with pytest.raises(
            UsageError, match="seem to be one in several spellings: 'Cat' and 'cat'; write each class in one way$"
        ):
            read_voc(folder, skip_bad=skip_bad)
    write_voc(tmp_path, {"a": [("a", 0, 1, 1, 9, 9)], "b": [("A", 0, 1, 1, 9, 9)]})
    assert ("A", "a") == read_voc(folder).classes
