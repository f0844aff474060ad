"""Tests of the pictures of a report: that they are drawn, and that they are drawn alike."""

import pytest
from hypothesis import given, settings

from ptmbench.errors import StoreError, UsageError
from ptmbench.records.record import CorruptedValue
from ptmbench.records.store import ResultsFolder
from ptmbench.report.plots import draw
from sites import HOSTILE, QUICK, changed, gone
from strategies import records

FOLDER = ResultsFolder(QUICK)


@pytest.fixture(scope="module")
def few():
    """Committed records of digits with few and many labels, and of boxes, whose training was watched."""
    tasks = ("digits_1shot", "digits_full", "scene_boxes_full")
    names = sorted(path.stem for task in tasks for path in QUICK.glob(f"*-{task}-*.json"))
    return [FOLDER.read(name) for name in names]


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
