"""Tests of what the pictures of a report show."""

import pytest

from ptmbench.analysis import panels
from ptmbench.records.store import ResultsFolder
from sites import QUICK

FOLDER = ResultsFolder(QUICK)
SETTING = ("quick", "cpu", "fp32")


@pytest.fixture(scope="module")
def few():
    """Committed records of digits with few and many labels, and of boxes, whose training was watched."""
    tasks = ("digits_1shot", "digits_full", "scene_boxes_full")
    names = sorted(path.stem for task in tasks for path in QUICK.glob(f"*-{task}-*.json"))
    return [FOLDER.read(name) for name in names]


@pytest.fixture(scope="module")
def tables(few):
    """The same by task."""
    return panels.settings_of(few)[SETTING]


def test_the_front_is_not_beaten(tables):
    """No case is cheaper and better than one on the front, and every other one is beaten."""
    panel = panels.cost_panels(tables)[0]
    points = [point for series in panel.series for point in series.points]

    front = panels.front_of(panel)

    for point in points:
        beaten = any(other.x <= point.x and other.y >= point.y and other != point for other in points)
        assert (point in front) is not beaten or any(point == kept for kept in front)


def test_panels_show_what_the_records_say(few, tables):
    """Gains are in points, quality in percent, each data set once, of its fewest or its most labels."""
    gains, costs = panels.gain_panels(tables), panels.cost_panels(tables)
    record = next(found for found in few if found.case.id == "vgg_tiny.glyphs-digits_1shot-knn")
    (series,) = [one for one in gains[0].series if (one.model, one.method) == ("vgg_tiny.glyphs", "knn")]

    assert ["digits_1shot", "scene_boxes_full"] == [panel.title for panel in gains]
    assert ["digits_full", "scene_boxes_full"] == [panel.title for panel in costs]
    assert 100 * record.gain.value == series.points[0].y


def test_labels_make_lines_of_two_amounts(tables):
    """Only data sets with several amounts of labels have a curve, over the examples that were learned from."""
    (panel,) = panels.label_panels(tables)

    assert "digits, linear_probe" == panel.title
    assert {(10, 696)} == {tuple(point.x for point in series.points) for series in panel.series}


def test_of_a_repeated_case_the_last_run_is_drawn(few):
    """A case in two folders is one mark, of the later run."""
    record = few[0]
    later = record.provenance.model_copy(update={"started_at": "2027-01-01T00:00:00+00:00"})
    quality = record.quality.model_copy(update={"value": 0.5})

    ((_, members),) = panels.settings_of([record.model_copy(update={"provenance": later, "quality": quality}), record])[
        SETTING
    ]

    assert [0.5] == [found.quality.value for found in members]
