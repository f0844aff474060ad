"""Tests of tables in a terminal: they fit, and nothing is lost unsaid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.sources import source_tables
from ptmbench.records.store import ResultsFolder
from ptmbench.report.text import broken, render_text
from ptmbench.terminal import painter
from sites import QUICK, changed, gone

STANDARD = QUICK.parent / "standard-cpu-fp32"


@pytest.fixture(scope="module")
def committed():
    """The committed records of the quick budget."""
    return ResultsFolder(QUICK).read_all()[0]


def widest(text):
    """The length of the longest line."""
    return max(map(len, text.splitlines()))


@pytest.mark.parametrize("width", [80, 90, 100, 120, 160, 200])
def test_tables_fit_the_window(committed, width):
    """Every line of the end of a run fits, at 80 columns and at any more."""
    assert widest(render_text(comparison_tables(committed), source_tables(committed), width)) <= width


def test_tables_grow_with_the_window(committed):
    """More columns show more columns, up to all of them."""
    (table,) = [table for table in comparison_tables(committed) if table.task == "digits_5shot"]

    texts = [render_text([table], width=width).splitlines() for width in (80, 110, 150, 250)]
    headings = [next(line for line in text if " model " in f" {line}").split("  ") for text in texts]
    counts = [len([heading for heading in line if heading]) for line in headings]

    assert sorted(counts) == counts
    assert 4 == counts[0]
    assert 15 == counts[-1]


def test_what_is_left_out_is_named(committed):
    """A narrow table says which columns it has not."""
    (table,) = [table for table in comparison_tables(committed) if table.task == "digits_5shot"]

    assert "(not at this width: rank, params, MMACs," in render_text([table], width=80)
    assert "not at this width" not in render_text([table])


@given(st.text("abcXYZ019_.", min_size=1, max_size=90))
def test_a_name_of_any_length_fits(name):
    """Long names break over lines, and no letter of them is lost."""
    record = changed(RECORD, name=name)
    text = render_text(comparison_tables([record]), width=80)

    assert widest(text) <= 80
    assert name == broken(name, 20).replace("\n", "")


RECORD = ResultsFolder(QUICK).read("vgg_tiny.glyphs-digits_5shot-fine_tune")


def test_why_a_case_failed_stands_below(committed):
    """At 80 columns the reason of an unfinished case has its own lines under the table."""
    text = render_text(comparison_tables([gone(RECORD, "out_of_memory", "the card was full " * 4)]), width=80)

    assert widest(text) <= 80
    assert "vgg_tiny.glyphs, fine_tune: out_of_memory: the card was full" in " ".join(text.split())


def test_colour_changes_no_letter(committed):
    """Without its escapes the coloured table is the plain one, and the gain's verdict has a colour."""
    import re

    tables = comparison_tables(ResultsFolder(STANDARD).read_all()[0])[:2]  # of several seeds: one has no verdict
    coloured = render_text(tables, width=80, paint=painter(colour=True))

    assert render_text(tables, width=80) == re.sub(r"\x1b\[\d*m", "", coloured)
    assert re.search(r"\x1b\[32m\+\d+\.\d helps", coloured)


def test_curves_keep_their_last_step(committed):
    """Where not all steps of a learning curve fit, every other one goes, and the last one stays."""
    (table,) = [table for table in comparison_tables(committed) if table.task == "scene_boxes_full"]

    head = next(line for line in render_text([table], width=80).splitlines() if " steps" in line)

    assert head.endswith("80 steps")
    assert "20 steps" not in head
