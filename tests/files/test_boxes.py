"""Tests of boxes: VOC and COCO are read alike, and what is sound."""

import pytest
from boxed import write_coco, write_voc
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.errors import UsageError
from ptmbench.files.boxes import box_fault, cut_at_edges, joined
from ptmbench.files.coco import read_coco
from ptmbench.files.voc import read_voc


def test_voc_and_coco_give_the_same_boxes(tmp_path):
    """A box over columns 11 to 20 and rows 6 to 10 of a picture is the same in both forms."""
    voc = read_voc(write_voc(tmp_path / "voc", {"a": [("cat", 0, 11, 6, 20, 10)]}))
    coco = read_coco(write_coco(tmp_path, [{"image_id": 7, "category_id": 1, "bbox": [10, 5, 10, 5]}]), tmp_path)

    assert ((10, 5, 20, 10),) == voc.pictures[0].boxes == coco.pictures[0].boxes
    assert ("cat",) == voc.classes == coco.classes


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


def test_boxes_in_shares_of_the_picture_are_refused(tmp_path):
    """Numbers within 1 are no pixels: read as such, nothing could be found, and nothing would say why."""
    row = {"id": 3, "image_id": 7, "category_id": 1, "bbox": [0.1, 0.1, 0.5, 0.5]}

    with pytest.raises(UsageError, match="expected boxes in pixels, got 1 whose numbers all lie within 1"):
        read_coco(write_coco(tmp_path, [row]), tmp_path)
    with pytest.raises(UsageError, match="expected boxes in pixels, got 2 .* multiply them by its width and height"):
        read_voc(write_voc(tmp_path / "voc", {"a": [("cat", 0, 0.1, 0.1, 0.6, 0.6), ("cat", 0, 0.0, 0.2, 1.0, 1.0)]}))


def test_class_names_of_two_files_that_differ_by_case_are_refused(tmp_path):
    """Cat in training and cat in test would be learned and never asked for."""
    row = {"image_id": 7, "category_id": 1, "bbox": [0, 0, 5, 5]}
    parts = [
        read_coco(write_coco(tmp_path, [row], categories=[{"id": 1, "name": name}]), tmp_path)
        for name in ("Cat", "cat ")
    ]

    with pytest.raises(UsageError, match="seem to be one in several spellings: 'Cat' and 'cat '; write each"):
        joined(*parts)
