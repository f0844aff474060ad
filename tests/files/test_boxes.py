"""Tests of boxes: VOC and COCO are read alike, and every faulty box is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.boxes import box_fault, cut_at_edges, read_coco, read_voc

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


def test_cocos_ids_are_checked(tmp_path):
    """Ids that stand twice, and boxes of a category that is none, are told at once; sound pictures can be kept."""
    rows = [{"id": 5, "image_id": 7, "category_id": label, "bbox": [0, 0, 5, 5]} for label in (1, 99)]
    rows.append({"id": 6, "image_id": 8, "category_id": 1, "bbox": [0, 0, 5, 5]})
    images = [{"id": number, "file_name": "a.jpg", "width": 100, "height": 50} for number in (7, 7, 8)]
    told = (
        "id 7 stands 2 times in images",
        "id 5 stands 2 times in annotations",
        "a.jpg: annotation 5: category_id 99",
    )

    with pytest.raises(UsageError, match=f"(?s)3 faults.*{'.*'.join(told)}"):
        read_coco(write_coco(tmp_path, rows, images=images), tmp_path)
    found = read_coco(tmp_path / "coco.json", tmp_path, skip_bad=True)

    assert (["8"], ("cat",), 3) == ([one.id for one in found.pictures], found.pictures[0].names, len(found.left_out))


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


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_rounding_is_cut_at_the_edge(over, under):
    """A box over an edge by half a pixel at most is cut there; one that lies further out is told as it stands."""
    box = (-over, 2.0, 100.0 + under, 9.0)
    cut = cut_at_edges(box, (100, 50))

    if max(over, under) <= 0.5:
        assert (max(-over, 0), 2, min(100 + under, 100), 9) == cut
        assert "" == box_fault(cut, 100, 50)
    else:
        assert box == cut
        assert "lies outside the picture of 100x50, by" in box_fault(cut, 100, 50)


def test_lists_of_voc_may_hold_spaces(tmp_path):
    """A line of a list is a whole name where a picture has it, else its first word; trainval stands for train."""
    boxes = [("cat", 0, 1, 1, 9, 9)]
    folder = write_voc(tmp_path, {"my cat 1": boxes, "b": boxes}, {"trainval": ["my cat 1"], "test": ["b -1"]})

    assert {"my cat 1": "train", "b": "test"} == {one.id: one.part for one in read_voc(folder).pictures}


def test_coco_as_other_programs_write_it(tmp_path):
    """A byte order mark, and ids that are text in one place and numbers in another, are read."""
    file = write_coco(tmp_path, [{"image_id": "7", "category_id": "9", "bbox": [0, 0, 5, 5]}])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

    assert ("dog",) == read_coco(file, tmp_path).pictures[0].names


@pytest.mark.parametrize(
    ("changes", "row", "told"),
    [
        ({"categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cat"}]}, {}, "2 categories are called 'cat'"),
        ({}, {"bbox": None}, "a.jpg: annotation 3: "),
        ({}, {"id": 3, "box": []}, "a.jpg: annotation 3: no 'bbox'"),
        ({"images": [{"id": 7, "file_name": "../a.jpg", "width": 9, "height": 9}]}, {}, r"'../a.jpg' leads out of"),
        ({"images": [{"id": 7, "file_name": "/a.jpg", "width": 9, "height": 9}]}, {}, r"'/a.jpg' leads out of"),
        ({"images": [{"id": 7, "file_name": "..\\a.jpg", "width": 9, "height": 9}]}, {}, "leads out of"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "width": float("inf"), "height": 9}]}, {}, "image a.jpg: cannot"),
        ({"images": [{"id": 7, "file_name": "a.jpg", "height": 9}]}, {}, "image a.jpg: no 'width'"),
    ],
)
def test_what_coco_lacks_is_told_by_name(tmp_path, changes, row, told):
    """Names that stand twice, boxes that are missing, sizes that are none, and paths that lead out are faults."""
    entry = {"id": 3, "image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5], **row}
    if "box" in row:
        del entry["bbox"]

    with pytest.raises(UsageError, match=told):
        read_coco(write_coco(tmp_path, [entry], **changes), tmp_path)


def test_deep_nesting_is_no_coco_file(tmp_path):
    """Brackets without end are a fault of the file, not of the program."""
    (tmp_path / "coco.json").write_text("[" * 100_000)

    with pytest.raises(UsageError, match="is no COCO annotation file"):
        read_coco(tmp_path / "coco.json", tmp_path)


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
