"""Tests of the pictures of a report: what they show, that they are drawn, and that they are drawn alike."""

import pytest
from hypothesis import given, settings

from ptmbench.errors import StoreError, UsageError
from ptmbench.records.record import CorruptedValue
from ptmbench.records.store import ResultsFolder
from ptmbench.report import panels
from ptmbench.report.plots import draw
from sites import HOSTILE, QUICK, changed, gone
from strategies import records

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


def test_pictures_are_drawn_alike(few, tmp_path):
    """PNG and SVG of all that there are figures for; drawn again they are the same bytes."""
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    spoilt = [CorruptedValue(corruption="noise", severity=level, value=0.5) for level in range(1, 6)]
    found = [*few, few[0].model_copy(update={"quality": few[0].quality.model_copy(update={"corrupted": spoilt})})]

    first, again = draw(found, tmp_path / "one"), draw(found, tmp_path / "two")

    kinds = [f"{kind}-quick-cpu-fp32" for kind in ("cost", "gain", "labels", "curves", "corrupted")]
    assert [f"{kind}.{ending}" for kind in kinds for ending in ("png", "svg")] == [path.name for path in first]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


@pytest.mark.parametrize("name", [HOSTILE, "$\\frac{1}{$", "$x$ % _^", "../../up"])
def test_a_hostile_name_is_a_label(few, tmp_path, name):
    """Names are drawn as they are: no formula, no markup, and files stay in their folder."""
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    paths = draw([changed(few[0], name=name).model_copy(update={"budget": "../x"})], tmp_path / "in")

    assert {tmp_path / "in"} == {path.parent for path in paths}
    assert not any("<script" in path.read_text() for path in paths if path.suffix == ".svg")


@settings(max_examples=8, deadline=None)
@given(records().filter(lambda record: record.quality and record.cost and record.cost.macs))
def test_any_record_is_drawn(tmp_path_factory, record):
    """No record is too odd for a picture."""
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")

    assert draw([record], tmp_path_factory.mktemp("plots"))


def test_nothing_to_draw_is_said(few, tmp_path):
    """Without a finished case, or with a file in the place of the folder, there is one message."""
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="nothing to draw"):
        draw([gone(few[0], "failed", "why")], tmp_path)
    with pytest.raises(StoreError, match="cannot be written"):
        draw(few[:1], tmp_path / "file")


def test_no_matplotlib_is_one_line(few, tmp_path, monkeypatch):
    """Without the extra the message names the line that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)

    with pytest.raises(UsageError, match=r"pip install 'ptmbench\[plot\]'"):
        draw(few[:1], tmp_path)
