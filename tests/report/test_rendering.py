"""Tests of what joins folders into one report."""

import pytest

from ptmbench.records.store import ResultsFolder
from ptmbench.report.rendering import Readers, render
from sites import HOSTILE, QUICK, changed, write

NAMES = ("vgg_tiny.glyphs-digits_5shot-knn", "resnet_tiny.glyphs-digits_5shot-knn")
FOLDER = ResultsFolder(QUICK)


def test_outcomes_are_found_where_folders_share_a_case(tmp_path):
    """Two folders that hold other cases under one name each give their own record its own outcomes."""
    one, other = (FOLDER.read(name) for name in NAMES)
    renamed = other.model_copy(update={"case": other.case.model_copy(update={"id": one.case.id})})
    write(tmp_path / "first", one)
    write(tmp_path / "second", renamed)
    homes = {
        record.quality.outcomes.sha256: ResultsFolder(tmp_path / place)
        for place, record in (("first", one), ("second", renamed))
    }

    readers = Readers.of(homes)

    for record, name in zip((one, renamed), NAMES, strict=True):
        expected = FOLDER.estimate(FOLDER.read(name))
        assert expected.value == readers.estimate(record).value


@pytest.mark.parametrize("style", ["text", "markdown", "csv", "latex"])
def test_what_a_record_says_cannot_steer_a_terminal(style):
    """No escape of a hostile name reaches a terminal that shows the report."""
    record = changed(FOLDER.read(NAMES[0]), name=f"{HOSTILE}\x1b[2J", source="\x1b]0;x\x07")

    assert "\x1b" not in render([record], style)
