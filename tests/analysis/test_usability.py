"""Tests of the usability card: it says what the records say, and shows whatever they hold."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.gain import settled
from ptmbench.analysis.usability import card_of
from ptmbench.cli import main
from ptmbench.errors import UnknownName
from ptmbench.records.store import ResultsFolder
from ptmbench.records.trust_record import CalibrationRecord
from ptmbench.report.escaping import markdown
from ptmbench.report.trust import ASKED
from ptmbench.report.usability_pages import model_index, render_card
from sites import looked_into

ROBUST = Path(__file__).parents[2] / "results" / "robust" / "quick-cpu-fp32"
MODEL = "vgg_tiny.glyphs"


@pytest.fixture(scope="module")
def records():
    """Committed records with their gains."""
    store = ResultsFolder(ROBUST)
    return settled(store.read_all()[0], store.estimate)


def card(records, model=MODEL):
    """The card of a model, without what is across tasks."""
    return card_of(model, records, comparison_tables(records, ResultsFolder(ROBUST).estimate), [], [])


def test_effects_are_the_gains_of_the_records(records):
    """Every gain of the model stands on the card once, under its verdict, the largest first."""
    gains = [record.gain for record in records if record.case.model.name == MODEL and record.gain]

    found = card(records)

    assert sorted((gain.value for gain in gains), reverse=True) == [effect.row.gain for effect in found.effects]
    assert len(gains) == sum(map(found.count, ("helps", "hurts", "no_clear_difference", "one_seed")))


def test_standings_are_the_models_best_beside_the_best_of_all(records):
    """The card shows the model's best case of each task, and no case of any model lies above the best."""
    for standing in card(records).standings:
        values = {
            record.case.model.name: record.quality.value
            for record in sorted(records, key=lambda record: record.quality.value)
            if record.case.task.name == standing.table.task
        }
        assert values[MODEL] == standing.row.value
        assert max(values.values()) == standing.best.value


def test_trust_stands_where_it_was_recorded(records):
    """Calibration is shown of the best case of each task, and nothing is said where no record has it."""
    sure = CalibrationRecord(nll=0.5, brier=0.25, ece=0.042, temperature=1.5, ece_after_temperature=0.017)
    told = render_card(card([record.model_copy(update={"calibration": sure}) for record in records]))

    assert "## Can I trust it?" in told
    assert "| 0.500 | 0.250 | 4.2 | 1.7 | 1.500 |" in told
    assert "Can I trust it?" not in render_card(card(records))


def test_every_case_that_was_looked_into_stands_on_the_card(records):
    """Columns that were asked for are shown of each method that has them, and nothing where no record has one."""
    told = render_card(card([looked_into(record, 0.75) for record in records]))
    rows = [record for record in records if record.case.model.name == MODEL]

    assert len(rows) == told.count("| 50 | 75.0 [73.0, 77.0] | 10.0 [8.0, 12.0] | - | 50.1 |")
    assert len(rows) == told.count("| 80.0 | 25.0 |")
    assert len(rows) == told.count("| 90.0 | 25.0 | 50.0 | 20.0 [15.0, 26.0] |")
    assert len(rows) == told.count("| +2.0 [-1.0, +5.0] | +2.0 [-1.0, +5.0] | +0.40 [+0.30, +0.50] | 0.28 |")
    assert len(rows) == told.count("| 128 | 31.4 | 0.125 | - |")
    for kind in ASKED:
        assert f"## {kind.title}" in told
        assert kind.title not in render_card(card(records))


def test_caveats_name_what_a_reader_must_know(records):
    """One seed, and operations that are not counted, are said."""
    single = [
        record.model_copy(update={"quality": record.quality.model_copy(update={"seeds": record.quality.seeds[:1]})})
        for record in records
    ]
    text = " ".join(card_of(MODEL, single, [], [], []).caveats)

    assert "Fewer than 3 seeds stand behind figures of the budget quick." in text
    assert "Operations leave out" in text


def test_a_model_without_records_is_named_with_its_like(records):
    """A typo lists near names."""
    with pytest.raises(UnknownName, match="did you mean vgg_tiny.glyphs"):
        card(records, "vgg_tiny.glyps")


def test_nothing_in_a_record_becomes_markup(records):
    """Letters that Markdown or HTML read are escaped, line breaks too."""
    hostile = "<script>alert(1)</script> | *x* [y](javascript:z) `c`\n# h"
    found = card(records)

    page = render_card(replace(found, model=found.model.model_copy(update={"source": hostile, "licence": hostile})))

    assert "<script>" not in page
    assert "[y](" not in page
    assert "\n# h" not in page
    assert markdown("a|b") == r"a\|b"


def test_metadata_is_what_model_cards_read(records):
    """The block is YAML between dashes with one result a task: the best case's figure."""
    found = card(records)

    data = yaml.safe_load(model_index(found).strip("-\n"))
    entries = data["model-index"][0]["results"]
    values = {entry["dataset"]["name"]: entry["metrics"][0]["value"] for entry in entries}

    assert MODEL == data["model-index"][0]["name"]
    assert {standing.task.name: round(standing.row.value, 4) for standing in found.standings} == values


def test_the_command_writes_both(tmp_path, capsys):
    """`ptmbench report --card` prints the card, and with --model-index the metadata."""
    few = tmp_path / "few"
    (few / "outcomes").mkdir(parents=True)
    for path in (ROBUST / "_folder.json", *ROBUST.glob("vgg_tiny.*-shapes_5shot-*.json")):
        shutil.copy(path, few)
    for path in few.glob("vgg*.json"):
        shutil.copy(ROBUST / "outcomes" / f"{path.stem}.npz", few / "outcomes")
    assert 0 == main(["report", str(few), "--card", MODEL])
    assert capsys.readouterr().out.startswith("# vgg_tiny.glyphs")
    assert 0 == main(["report", str(few), "--card", MODEL, "--model-index", "-o", str(tmp_path / "card.md")])
    assert (tmp_path / "card.md").read_text().startswith("---\nmodel-index:")
    assert 2 == main(["report", str(few), "--model-index"])
    assert "--card MODEL" in capsys.readouterr().err
