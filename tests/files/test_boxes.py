"""Tests of boxes: VOC and COCO are read alike, and every faulty box is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.boxes import box_fault, read_coco, read_voc

CORNERS = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
OBJECT = f"<object><name>{{}}</name><difficult>{{}}</difficult><bndbox>{CORNERS}</bndbox></object>"


def write_voc(folder, pictures, parts=None):
    """A VOC folder of pictures 100 wide and 50 high: objects by name, and the names of each part."""
    for sub in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for name, objects in pictures.items():
        Image.new("RGB", (100, 50)).save(folder / "JPEGImages" / f"{name}.jpg")
        size = "<size><width>100</width><height>50</height></size>"
        body = "".join(OBJECT.format(*entry) for entry in objects)
        text = f"<annotation><filename>{name}.jpg</filename>{size}{body}</annotation>"
        (folder / "Annotations" / f"{name}.xml").write_text(text)
    for part, names in (parts or {}).items():
        (folder / "ImageSets" / "Main" / f"{part}.txt").write_text("\n".join(names))
    return folder


def write_coco(folder, annotations, **changes):
    """A COCO file with one picture of 100x50 and two categories."""
    content = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 50}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": annotations,
        **changes,
    }
    Image.new("RGB", (100, 50)).save(folder / "a.jpg")
    (folder / "coco.json").write_text(json.dumps(content))
    return folder / "coco.json"


def test_voc_and_coco_give_the_same_boxes(tmp_path):
    """A box over columns 11 to 20 and rows 6 to 10 of a picture is the same in both forms."""
    voc = read_voc(write_voc(tmp_path / "voc", {"a": [("cat", 0, 11, 6, 20, 10)]}))
    coco = read_coco(write_coco(tmp_path, [{"image_id": 7, "category_id": 1, "bbox": [10, 5, 10, 5]}]), tmp_path)

    assert ((10, 5, 20, 10),) == voc.pictures[0].boxes == coco.pictures[0].boxes
    assert ("cat",) == voc.classes == coco.classes


def test_voc_keeps_parts_and_hard_objects(tmp_path):
    """ImageSets say the part of each picture, those in none are passed over, and a difficult object stays marked."""
    pictures = {name: [("cat", 1, 1, 1, 9, 9), ("dog", 0, 2, 2, 9, 9)] for name in "abcd"}
    found = read_voc(write_voc(tmp_path, pictures, {"train": "ab", "val": [], "test": "c"}))

    assert {"a": "train", "b": "train", "c": "test"} == {picture.id: picture.part for picture in found.pictures}
    assert (True, False) == found.pictures[0].ignored


def test_coco_marks_crowds(tmp_path):
    """A crowd stays and is marked: it is not to be found, and what is found in it is no mistake."""
    crowd = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1}
    single = {"image_id": 7, "category_id": 9, "bbox": [0, 0, 5, 5]}
    found = read_coco(write_coco(tmp_path, [crowd, single]), tmp_path)

    assert (("cat", "dog"), (True, False)) == (found.pictures[0].names, found.pictures[0].ignored)


def test_the_pictures_own_size_counts(tmp_path):
    """A size told wrong is a fault of the annotation, one of 0 is looked up, and a file that is no picture is named."""
    folder = write_voc(tmp_path, {name: [("cat", 0, 60, 1, 80, 9)] for name in "abc"})
    for name, width in (("a", 90), ("b", 0)):
        file = folder / "Annotations" / f"{name}.xml"
        file.write_text(
            file.read_text().replace("<width>100<", f"<width>{width}<").replace(">50<", f">{width and 50}<")
        )
    (folder / "JPEGImages" / "c.jpg").write_text("no picture")
    told = ("2 faults", "a.xml: says 90x50, and the picture a.jpg is 100x50", "c.xml: the picture c.jpg cannot be read")

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


def test_cocos_ids_are_checked(tmp_path):
    """Ids that stand twice, and boxes of a category that is none, are told at once; the sound boxes can be kept."""
    rows = [{"id": 5, "image_id": 7, "category_id": label, "bbox": [0, 0, 5, 5]} for label in (1, 99)]
    twice = [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 50}] * 2
    told = ("id 7 stands 2 times in images", "id 5 stands 2 times in annotations", "a.jpg: category_id 99 is none of")

    with pytest.raises(UsageError, match=f"(?s)3 faults.*{'.*'.join(told)}"):
        read_coco(write_coco(tmp_path, rows, images=twice), tmp_path)
    found = read_coco(tmp_path / "coco.json", tmp_path, skip_bad=True)

    assert (("cat",), 3) == (found.pictures[0].names, len(found.left_out))


def test_pictures_without_objects_stay(tmp_path):
    """A picture in which nothing is to be found is an example too."""
    folder = write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)], "b": []})

    assert [1, 0] == [len(picture.boxes) for picture in read_voc(folder).pictures]


def test_all_faulty_boxes_are_told_at_once_and_can_be_skipped(tmp_path):
    """Boxes without area or outside the picture, and pictures that are not there, stand in one message."""
    bad = [("cat", 0, 5, 5, 5, 5), ("cat", 0, 9, 1, 3, 4), ("dog", 0, 50, 1, 101, 9), ("dog", 0, 1, 1, 9, 9)]
    folder = write_voc(tmp_path, {"a": bad, "b": bad[-1:]})
    (folder / "JPEGImages" / "b.jpg").unlink()
    told = (
        "4 faults",
        "a.xml: a box of cat",
        "has no area",
        "lies outside the picture of 100x50",
        "b.jpg is not there",
    )

    with pytest.raises(UsageError, match=f"(?s){'.*'.join(told)}"):
        read_voc(folder)
    found = read_voc(folder, skip_bad=True)

    assert (("dog",), 4) == (found.pictures[0].names, len(found.left_out))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation>", "a.xml: no element found"),
        ("<annotation></annotation>", "no <size/width>"),
        ("<annotation><size><width>wide</width><height>5</height></size></annotation>", "could not convert"),
    ],
)
def test_broken_annotations_are_named(tmp_path, text, message):
    """XML that is cut off, or lacks what it must have, is a fault of its file."""
    write_voc(tmp_path, {"a": [], "b": [("cat", 0, 1, 1, 9, 9)]})
    (tmp_path / "Annotations" / "a.xml").write_text(text)

    with pytest.raises(UsageError, match=message):
        read_voc(tmp_path)


def test_what_is_no_data_set_is_refused(tmp_path):
    """A folder without annotations, one without boxes, and a file that is not COCO's."""
    with pytest.raises(UsageError, match="no annotations; expected DIR/Annotations"):
        read_voc(tmp_path)
    with pytest.raises(UsageError, match="has no boxes"):
        read_voc(write_voc(tmp_path, {"a": []}))
    with pytest.raises(UsageError, match="is named in ImageSets and not there"):
        read_voc(write_voc(tmp_path, {"a": [("cat", 0, 1, 1, 9, 9)]}, {"train": ["a", "z"]}))
    (tmp_path / "coco.json").write_text("[]")
    with pytest.raises(UsageError, match="is no COCO annotation file"):
        read_coco(tmp_path / "coco.json", tmp_path)
    with pytest.raises(UsageError, match="image_id 8 has annotations and no entry in images"):
        read_coco(write_coco(tmp_path, [{"image_id": 8, "category_id": 1, "bbox": [0, 0, 1, 1]}]), tmp_path)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4, unique=True))
def test_a_box_inside_is_sound(edges):
    """Any box with an area inside the picture is sound, and turned around it is not."""
    left, right = sorted(edges[:2])
    top, bottom = sorted(edges[2:])

    assert "" == box_fault((left, top, right, bottom), 1, 1)
    assert "has no area" == box_fault((right, top, left, bottom), 1, 1)
    assert box_fault((left, top, right + 2, bottom), 1, 1).startswith("lies outside")
    assert "is not finite" == box_fault((float("nan"), top, right, bottom), 1, 1)
