"""Tests of `ptmbench.cli.demo`: a first look, and what it says in words."""

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.cli import demo
from ptmbench.cli.demo import CASES, TASK, sentence
from ptmbench.records.store import ResultsFolder
from sites import QUICK


@pytest.fixture
def records():
    """The committed records of the demo's cases."""
    return [ResultsFolder(QUICK).read(find_case(model, TASK, method).id) for model, method in CASES]


def with_gain(records, low, value, high, verdict):
    """The records with another gain of the fine-tuned model."""
    gain = {"value": value, "interval95": (low, high), "verdict": verdict}
    return [
        record.model_copy(update={"gain": record.gain and record.gain.model_copy(update=gain)}) for record in records
    ]


def test_the_sentence_says_what_the_records_hold(records):
    """Accuracies and gain stand in the sentence as the records have them."""
    by_name = {(record.case.model.name, record.case.method.name): record for record in records}
    tuned, scratch = by_name["resnet_tiny.glyphs", "fine_tune"], by_name["resnet_tiny.random", "from_scratch"]

    said = " ".join(sentence(records).split())

    assert f"reads {100 * tuned.quality.value:.1f} % of the handwritten digits" in said
    assert f"reads {100 * scratch.quality.value:.1f} %: {100 * tuned.gain.value:+.1f} points" in said
    assert max(map(len, sentence(records).splitlines())) <= 100


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((0.01, 0.02, 0.03, "helps"), "pre-training helps here"),
        ((-0.03, -0.02, -0.01, "hurts"), "pre-training hurts here"),
        ((-0.01, 0.0, 0.01, "no_clear_difference"), "no clear difference"),
    ],
)
def test_the_sentence_follows_the_verdict(records, gain, words):
    """The words are those of the verdict, whatever it is."""
    assert words in sentence(with_gain(records, *gain))


def test_what_did_not_finish_is_said(records):
    """Without the fine-tuned case there is nothing to compare, and no figure is made up."""
    assert "Not every case finished" in sentence(records[:-1])


def test_the_demo_runs(tmp_path, capsys, monkeypatch):
    """The command runs its cases, prints their table, what it shows and what to type next, and keeps the records."""
    monkeypatch.setattr(demo, "CASES", CASES[:1])

    from ptmbench.cli import main

    assert 0 == main(["demo", "--results", str(tmp_path / "first")])

    shown = capsys.readouterr().out
    assert "pixels" in shown
    assert "Not every case finished" in shown
    assert "What to type next" in shown
    assert ResultsFolder(tmp_path / "first").read("pixels-digits_5shot-linear_probe").status == "ok"
