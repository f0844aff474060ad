"""Tests that gains are the difference of the qualities that are printed beside them, or say what they rest on."""

import csv
import io
import re
from dataclasses import replace

import pytest

from ptmbench.analysis.case_rows import make_row
from ptmbench.analysis.comparison import comparison_tables, rows_of
from ptmbench.analysis.gain import settled
from ptmbench.records.figures import by_name
from ptmbench.records.store import ResultsFolder
from ptmbench.report.figures import OTHER_SEEDS, written
from ptmbench.report.rendering import render
from ptmbench.report.site.case_notes import case_notes
from ptmbench.report.text import render_text
from sites import QUICK

STANDARD = QUICK.parent / "standard-cpu-fp32"


@pytest.fixture(scope="module")
def standard():
    """Committed records of several seeds, with their gains."""
    folder = ResultsFolder(STANDARD)
    found = [record for record in folder.read_all()[0] if record.case.task.name in {"digits_5shot", "digits_full"}]
    return settled(found, folder.estimate)


def test_gains_are_the_difference_of_what_is_printed(standard):
    """Printed quality less the partner's printed quality is the printed gain where all rest on the same seeds, but for
    the last digit; elsewhere the row is marked, and the qualities over the shared seeds give the gain exactly.
    """
    same = other = 0
    for table in comparison_tables(standard):
        qualities = {row.model: row for row in table.rows if row.method == "from_scratch"}
        for row in (row for row in table.rows if row.gain is not None):
            assert row.shared.quality - row.shared.partner == pytest.approx(row.gain, abs=1e-6)
            partner = qualities[f"{row.model.partition('.')[0]}.random"]
            printed = [float(written(by_name(name), one).split(" [")[0])
                       for name, one in (("quality", row), ("quality", partner), ("gain", row))]  # fmt: skip
            if row.seeds == row.gain_seeds == partner.seeds:
                assert abs(printed[0] - printed[1] - printed[2]) < 0.1 + 1e-9
                assert OTHER_SEEDS not in written(by_name("gain"), row)
                same += 1
            else:
                assert written(by_name("gain"), row).endswith(OTHER_SEEDS)
                other += 1
    assert same
    assert other


def test_tables_say_which_gains_do_not_subtract(standard):
    """A note gives the seeds behind gain and qualities, and the CSV has both qualities over the shared seeds."""
    text = render(standard, "text")
    line = next(
        line for line in csv.DictReader(io.StringIO(render(standard, "csv"), newline=""))
        if line["model"] == "resnet_tiny.glyphs" and line["method"] == "linear_probe"
    )  # fmt: skip

    assert "gain over 5, quality over 10, of the partner over 5" in text
    assert float(line["quality_at_gain_seeds"]) - float(line["partner_at_gain_seeds"]) == pytest.approx(
        float(line["gain"]), abs=1e-6
    )


def test_case_pages_say_what_gains_are_the_difference_of(standard):
    """The page of a case gives both qualities over the shared seeds, with how many each mean is over."""
    members = [record for record in standard if record.case.task.name == "digits_5shot"]
    rows = {record.case.id: (record, row) for record, row in zip(members, rows_of(members, None), strict=True)}

    probe = " ".join(case_notes(*rows["resnet_tiny.glyphs-digits_5shot-linear_probe"]))
    tuned = " ".join(case_notes(*rows["resnet_tiny.glyphs-digits_5shot-fine_tune"]))

    assert "The quality above is over 10 and that on the partner's page over 5" in probe
    assert "both over the same seeds (5)" in tuned


def test_what_validation_would_have_chosen_is_explained(standard):
    """A table has the column where rows have the figure, and the page of a case says what it means."""
    record = next(record for record in standard if record.case.task.shots == 5)
    bare = {name: value for name, value in record.quality.others.items() if name != "tuned_on_validation"}
    record = record.model_copy(update={"quality": record.quality.model_copy(update={"others": bare})})
    others = {**bare, "tuned_on_validation": record.quality.value + 0.0125}
    told = record.model_copy(update={"quality": record.quality.model_copy(update={"others": others})})
    (note,) = [note for note in case_notes(told, make_row(told)) if "Few labels" in note]

    assert "(+1.2 points)" in note or "(+1.3 points)" in note
    for style in ("text", "markdown"):
        assert "quality tuned on validation %" in render([told], style)
        assert "quality tuned on validation" not in render([record], style)


def test_unequal_classes_have_macro_f1_beside_accuracy(standard):
    """Where the largest class is large, macro-F1 stands behind accuracy in tables, and elsewhere it takes no room."""
    (table, *_) = comparison_tables(standard)
    unequal = replace(table, balance={"majority": 0.3})

    assert not replace(table, balance={"majority": 0.12}).unequal
    assert re.search(r"quality \[95 %\] +macro-F1 %", render_text([unequal]))
    assert "macro-F1" not in render_text([replace(table, balance={"majority": 0.12})])
    assert "always the largest class 30 %" in render_text([unequal])
