"""Tests of the tables of how sure answers are."""

import pytest

from ptmbench.records.store import ResultsFolder
from ptmbench.records.trust_record import CalibrationRecord
from ptmbench.report.rendering import render
from ptmbench.report.trust import ASKED
from sites import QUICK, looked_into

CASES = ("pixels-digits_5shot-knn", "vgg_tiny.glyphs-digits_5shot-fine_tune")


def calibrated(case, nll, temperature):
    """A committed record with calibration; without a temperature there is nothing behind it."""
    after = None if temperature is None else 0.04
    sure = CalibrationRecord(nll=nll, brier=0.3, ece=0.12, temperature=temperature, ece_after_temperature=after)
    return ResultsFolder(QUICK).read(case).model_copy(update={"calibration": sure})


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_the_least_loss_comes_first(style):
    """Each row has its figures, a dash where there is no temperature, and the words below say what they are."""
    text = render([calibrated(CASES[0], 1.25, 2.0), calibrated(CASES[1], 0.5, None)], style)
    table = text[text.index("Can they be trusted? digits_5shot") :]
    first, second = (line for line in table.splitlines() if "fine_tune" in line or " knn" in line)

    assert "vgg" in first
    assert ["0.500", "0.300", "12.0", "-", "-"] == first.replace("|", " ").split()[-5:]
    assert ["1.250", "0.300", "12.0", "4.0", "2.000"] == second.replace("|", " ").split()[-5:]
    assert "behind one temperature" in table


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_what_tells_least_comes_first(style):
    """Each row has its figures with their intervals, a dash where there are too few pairs for a rate."""
    store = ResultsFolder(QUICK)
    text = render([looked_into(store.read(CASES[0]), 0.9), looked_into(store.read(CASES[1]), 0.7)], style)
    start = text.index("What do answers tell about training? digits_5shot")
    table = text[start : text.index(ASKED[1].title, start)]
    first, second = (line for line in table.splitlines() if "fine_tune" in line or " knn" in line)

    assert "vgg" in first
    assert "50 70.0 [68.0, 72.0] 10.0 [8.0, 12.0] - 50.1" in " ".join(first.replace("|", " ").split())
    assert "90.0 [88.0, 92.0]" in second
    assert "AUC 50 is guessing" in table


@pytest.mark.parametrize("kind", ASKED, ids=lambda kind: kind.place)
def test_every_column_has_its_table(kind):
    """The rows that have its figures, in the order that it says, under its title and above what the figures mean."""
    store = ResultsFolder(QUICK)
    text = render([looked_into(store.read(CASES[0]), 0.9), store.read(CASES[1])], "text")
    table = text[text.index(f"{kind.title} digits_5shot") :]
    rows = table[: table.index(kind.below[:40])]

    assert "pixels" in rows
    assert "vgg" not in rows


def test_older_records_have_no_such_table():
    """Where nothing was kept nothing is shown."""
    text = render([ResultsFolder(QUICK).read(CASES[0])], "text")

    assert "trusted" not in text
    assert not any(kind.title in text for kind in ASKED)
