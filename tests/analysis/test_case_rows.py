"""Tests of the rows of tables."""

from ptmbench.analysis.case_rows import FACTS, flat, make_row, names_of, told_by
from ptmbench.records.figures import FIGURES, by_name
from runs import committed


def test_a_row_holds_every_figure_of_its_record():
    """What a row holds is what the rows of the figures read, with the ends of intervals."""
    record = committed()
    row = make_row(record, (2, 5))

    assert {figure.name: figure.read(record) for figure in FIGURES} == row.figures
    assert by_name("quality").interval(record) == row.ends("quality")
    assert (2, 5, row.figures["quality"]) == (row.place_low, row.place_high, row.value)


def test_a_row_for_other_programs_has_its_names_in_order():
    """CSV and JSON have the same keys in every row: what the case is, then its figures."""
    row = make_row(committed())

    assert names_of("csv") == [*flat(row, "csv")]
    assert [*FACTS] == [*flat(row, "csv")][: len(FACTS)]


def test_a_gain_of_one_seed_has_no_verdict():
    """A record of before one seed gave none is not taken at its word."""
    gain = committed().gain
    once = gain.model_copy(update={"interval_kind": "paired_over_examples", "verdict": "helps"})

    assert gain.verdict == told_by(gain)
    assert "one_seed" == told_by(once)
