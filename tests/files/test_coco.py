"""Tests of COCO annotation files: every faulty entry is named."""

import pytest
from boxed import write_coco

from ptmbench.errors import UsageError
from ptmbench.files.coco import read_coco


def test_coco_marks_crowds(tmp_path):
    """A crowd stays and is marked: it is not to be found, and what is found in it is no mistake."""
    crowd = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5], "iscrowd": 1}
    single = {"image_id": 7, "category_id": 9, "bbox": [0, 0, 5, 5]}
    found = read_coco(write_coco(tmp_path, [crowd, single]), tmp_path)

    assert (("cat", "dog"), (True, False)) == (found.pictures[0].names, found.pictures[0].ignored)


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
        (
            {"images": [{"id": 7, "file_name": "a.jpg", "width": float("inf"), "height": 9}]},
            {},
            "image a.jpg: expected a width in pixels, got inf",
        ),
        ({}, {"bbox": None}, "annotation 3: expected a bbox of four numbers .*, got None"),
        ({}, {"bbox": [1, 2, 3]}, "expected a bbox of four numbers"),
        (
            {"images": [{"id": 7, "file_name": "a.jpg", "width": "9", "height": 9}]},
            {},
            "image a.jpg: expected a width in pixels, got '9'",
        ),
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


@pytest.mark.parametrize("told", [{}, {"height": 50}, {"width": None, "height": 0}])
def test_a_size_that_coco_does_not_tell_is_the_pictures(tmp_path, told):
    """Pictures are looked at anyway; what is told and wrong stays a fault."""
    row = {"image_id": 7, "category_id": 1, "bbox": [60, 0, 40, 50]}
    found = read_coco(write_coco(tmp_path, [row], images=[{"id": 7, "file_name": "a.jpg", **told}]), tmp_path)

    assert (100, 50) == found.pictures[0].size
    with pytest.raises(UsageError, match="a.jpg: says 0x9, and the picture a.jpg is 100x50"):
        read_coco(write_coco(tmp_path, [row], images=[{"id": 7, "file_name": "a.jpg", "height": 9}]), tmp_path)


def test_a_box_that_stands_twice_is_told_and_counts_once(tmp_path):
    """A second copy of a box could only be missed: copies are named by their ids, and --skip-bad keeps one of them."""
    row = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5]}
    rows = [
        {**row, "id": 3},
        {**row, "id": 4},
        {**row, "id": 5, "bbox": [0, 0, 5, 6]},
        {**row, "id": 6, "category_id": 9},
    ]
    file = write_coco(tmp_path, rows)

    with pytest.raises(
        UsageError, match=r"1 faults: a.jpg: a box of cat \[0.0, 0.0, 5.0, 5.0\] stands 2 times \(ann.* 3 and 4\)"
    ):
        read_coco(file, tmp_path)
    assert ("cat", "cat", "dog") == read_coco(file, tmp_path, skip_bad=True).pictures[0].names


@pytest.mark.parametrize(
    ("called", "lies", "part", "told"),
    [
        ("i/a.jpg", "i/a.jpg", None, r"i/a.jpg: not there below .*/i, but below .*: type images="),
        ("i/a.jpg", "i/a.jpg", "test", r": type test_images="),
        ("old/a.jpg", "i/a.jpg", None, "old/a.jpg: not there, but directly in .*/i: take the folder out of file_name"),
        ("old/a.jpg", "b.jpg", None, "1 faults: old/a.jpg: not there; "),
    ],
)
def test_a_picture_that_lies_elsewhere_is_found(tmp_path, called, lies, part, told):
    """The message holds the whole file_name and says what to type where the picture lies nearby."""
    row = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5]}
    file = write_coco(tmp_path, [row], images=[{"id": 7, "file_name": called}])
    (tmp_path / "i").mkdir()
    (tmp_path / "a.jpg").rename(tmp_path / lies)

    with pytest.raises(UsageError, match=told):
        read_coco(file, tmp_path / "i", part=part)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2]", "it holds a list; expected {.images."),
        ("{}", "it has no list of images and annotations and categories; expected"),
        ('{"images": [1], "annotations": [], "categories": []}', "an entry is no JSON object; expected"),
        ('{"images": [{}], "annotations": [], "categories": []}', "an entry has no 'id'; expected"),
    ],
)
def test_other_json_is_told_in_words(tmp_path, text, told):
    """What is no COCO file is said in words, with what would be one."""
    (tmp_path / "coco.json").write_text(text)

    with pytest.raises(UsageError, match=f"coco.json is no COCO annotation file: {told}"):
        read_coco(tmp_path / "coco.json", tmp_path)
    with pytest.raises(UsageError, match="is a folder: expected a COCO annotation file.*; there are .*/coco.json"):
        read_coco(tmp_path, tmp_path)
