"""Tests of detection scores: the same as pycocotools', and the same again when pictures are weighted."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ptmbench.engine.tasks.object_detection import scores
from ptmbench.statistics.average_precision import AveragePrecision, Boxes
from ptmbench.statistics.tallies import value_of

CLASSES = ("cat", "dog", "owl")
SIDE = 40


def boxes_of(rows, pictures, *, found):
    """Boxes from rows of picture, left, top, width, height, label, and a score in sixteenths or whether ignored."""
    table = np.array([row[:6] for row in rows], dtype=np.int64).reshape(-1, 6)
    last = [row[6] for row in rows]
    left_top, size = table[:, 1:3].astype(float), table[:, 3:5]
    return Boxes(
        pictures=pictures,
        picture=table[:, 0],
        box=np.concatenate([left_top, left_top + size], axis=1),
        label=table[:, 5],
        score=np.array(last, dtype=float) / 16 if found else np.ones(len(rows)),
        ignored=np.zeros(len(rows), dtype=bool) if found else np.array(last, dtype=bool),
    )


def rows(pictures, last):
    """Rows of boxes on a grid, so that overlaps of exactly a threshold occur."""
    corner, size = st.integers(0, SIDE), st.integers(1, SIDE)
    return st.lists(
        st.tuples(st.integers(0, pictures - 1), corner, corner, size, size, st.integers(0, len(CLASSES) - 1), last),
        max_size=40,
    )


@st.composite
def near_boxes(draw):
    """True boxes, and found ones that lie near some of them."""
    there = draw(rows(4, st.booleans()))
    found = draw(rows(4, st.integers(1, 16)))
    shift = st.integers(-3, 3)
    for picture, left, top, width, height, label, _ in there:
        if draw(st.booleans()):
            moved = left + draw(shift), top + draw(shift), max(width + draw(shift), 1), max(height + draw(shift), 1)
            found.append((picture, *moved, label, draw(st.integers(1, 16))))
    return found, there


def by_pycocotools(found, there, classes):
    """mAP@[.5:.95], mAP@.5 and the average precision of each class as COCO's own code computes them."""

    def annotation(boxes, place, **more):
        left, top, right, bottom = (float(edge) for edge in boxes.box[place])
        box = {"bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top)}
        where = {"image_id": int(boxes.picture[place]), "category_id": int(boxes.label[place])}
        return {"id": place + 1, **where, **box, **more}

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": picture} for picture in range(there.pictures)],
            "categories": [{"id": label} for label in range(classes)],
            "annotations": [
                annotation(there, place, iscrowd=int(there.ignored[place])) for place in range(len(there.label))
            ],
        }
        truth.createIndex()
        answers = COCO()
        answers.dataset = {
            **truth.dataset,
            "annotations": [
                annotation(found, place, score=float(found.score[place]), iscrowd=0)
                for place in range(len(found.label))
            ],
        }
        answers.createIndex()
        judge = COCOeval(truth, answers, "bbox")
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][:, :, :, 0, 2]

    def mean(values):
        return float(np.mean(values[values > -1])) if (values > -1).any() else -1.0

    return mean(precision), mean(precision[0]), [mean(precision[:, :, label]) for label in range(classes)]


THREE_OF_FIVE = ([(0, 0, 0, 1, 1, 0, 1)] * 3, [(0, 0, 0, 1, 1, 0, False)] * 5)


@given(near_boxes())
@example(THREE_OF_FIVE)  # a recall of exactly 0.6, which 32-bit steps miss
@settings(max_examples=60)
def test_scores_are_pycocotools(boxes):
    """mAP, mAP@.5 and every class's figure are COCO's, crowds, empty pictures and missing predictions included."""
    found, there = boxes_of(boxes[0], 4, found=True), boxes_of(boxes[1], 4, found=False)
    whole, half, each = by_pycocotools(found, there, len(CLASSES))

    seen = scores(found, there, CLASSES)

    assert (whole, half) == pytest.approx((seen["map"], seen["map_50"]), abs=1e-6)
    assert {f"ap.{name}": value for name, value in zip(CLASSES, each, strict=True) if value >= 0} == pytest.approx(
        {name: value for name, value in seen.items() if name.startswith("ap.")}, abs=1e-6
    )


@given(near_boxes())
@settings(max_examples=60)
def test_the_tally_gives_the_same_figure(boxes):
    """What the intervals are computed from agrees with the metric."""
    found, there = boxes_of(boxes[0], 4, found=True), boxes_of(boxes[1], 4, found=False)

    expected = max(by_pycocotools(found, there, len(CLASSES))[0], 0.0)

    assert expected == pytest.approx(value_of(AveragePrecision.of(found, there, len(CLASSES))), abs=1e-6)


@given(near_boxes(), st.lists(st.integers(0, 3), min_size=4, max_size=4))
@settings(max_examples=40)
def test_a_weight_counts_a_picture_that_often(boxes, weights):
    """A picture of weight 3 is one that occurs three times, one of weight 0 does not occur."""
    # no two scores are equal: which of two equal ones comes first, no definition says
    ranked = [(*row[:6], row[6] + place / 100) for place, row in enumerate(boxes[0])]
    boxes = ranked, boxes[1]
    found, there = boxes_of(ranked, 4, found=True), boxes_of(boxes[1], 4, found=False)
    repeated = [picture for picture, weight in enumerate(weights) for _ in range(weight)]
    copies = [
        boxes_of(
            [(place, *row[1:]) for place, picture in enumerate(repeated) for row in side if row[0] == picture],
            len(repeated),
            found=is_found,
        )
        for side, is_found in zip(boxes, (True, False), strict=True)
    ]

    expected = max(by_pycocotools(*copies, len(CLASSES))[0], 0.0) if repeated else 0.0
    seen = AveragePrecision.of(found, there, len(CLASSES)).under(np.array([weights]))

    assert expected == pytest.approx(seen[0], abs=1e-6)


def test_the_truth_scores_1_and_chance_nearly_0():
    """An oracle reaches 1.0; random boxes of random classes find next to nothing."""
    rng = np.random.default_rng(0)
    drawn = [(n, *rng.integers(0, SIDE, 2), *rng.integers(5, SIDE, 2), rng.integers(3), 0) for n in range(50)]
    guessed = [
        (n, *rng.integers(0, SIDE, 2), *rng.integers(5, SIDE, 2), rng.integers(3), rng.integers(1, 17))
        for n in range(50)
        for _ in range(5)
    ]
    there = boxes_of(drawn, 50, found=False)

    assert 1.0 == pytest.approx(
        scores(boxes_of([(*row[:6], 16) for row in drawn], 50, found=True), there, CLASSES)["map"]
    )
    assert 0.05 > scores(boxes_of(guessed, 50, found=True), there, CLASSES)["map"]


def test_no_truth_and_no_predictions():
    """Without a true box there is no figure (-1, as COCO has it); with true boxes and no predictions it is 0."""
    nothing = boxes_of([], 3, found=True)
    none_there = boxes_of([], 3, found=False)
    one = boxes_of([(0, 1, 1, 5, 5, 2, False)], 3, found=False)

    assert -1.0 == scores(nothing, none_there, CLASSES)["map"]
    assert {"map": 0.0, "map_50": 0.0, "ap.owl": 0.0} == scores(nothing, one, CLASSES)
    assert 0.0 == value_of(AveragePrecision.of(nothing, none_there, 3))
