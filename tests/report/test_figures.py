"""Tests of how figures are written, and that one row of the table is all that a new one takes."""

import csv
import io
import json
import re

import pytest
from gates import CASES, edit, side

from ptmbench.analysis.case_rows import make_row
from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.usability import card_of
from ptmbench.cli import main
from ptmbench.cli.installed import INSTALLED
from ptmbench.gate.judging import judge
from ptmbench.gate.rules import Rules
from ptmbench.gate.sides import read_side
from ptmbench.records import figures
from ptmbench.records.figures import Figure, by_name
from ptmbench.records.store import ResultsFolder
from ptmbench.report.exports import render_csv, render_json
from ptmbench.report.figures import labelled, written
from ptmbench.report.latex import render_latex
from ptmbench.report.markdown import render_markdown
from ptmbench.report.mlflow_log import metrics_of
from ptmbench.report.site.holdings import entries_of, holdings
from ptmbench.report.site.leaderboard import leaderboard
from ptmbench.report.site.pages import CaseContext, Press
from ptmbench.report.site.series import runs_of
from ptmbench.report.site.timeline import Timelines, timeline_data
from ptmbench.report.text import render_text
from ptmbench.report.usability_pages import render_card
from sites import QUICK

MADE_UP = Figure(
    name="made_up",
    label="made-up figure",
    about="A figure that no module knows",
    path="quality.others.made_up",
    heading="made-up",
    digits=4,
    better="more",
    repeats="always",
    judged="exact",
    shown=figures.KEY | {"latex"},
)
VALUE = 0.4375


def with_value(record, value=VALUE):
    """The record with the made-up figure among its secondary metrics."""
    quality = record.quality.model_copy(update={"others": {**record.quality.others, "made_up": value}})
    return record.model_copy(update={"quality": quality})


@pytest.fixture
def record(monkeypatch):
    """A record with the made-up figure, whose row is in the table."""
    monkeypatch.setattr(figures, "FIGURES", (*figures.FIGURES, MADE_UP))
    return with_value(ResultsFolder(QUICK).read(CASES[0]))


@pytest.fixture
def entries(record, tmp_path):
    """What the site has of it, in two folders."""
    later = record.provenance.model_copy(update={"started_at": "2030-01-01T00:00:00+00:00"})
    second = with_value(record, 0.5).model_copy(update={"provenance": later})
    kept = [(ResultsFolder(tmp_path / name), [one]) for name, one in (("a", record), ("b", second))]
    return entries_of(holdings(kept))


@pytest.mark.parametrize("render", [render_text, render_markdown, render_latex])
def test_one_row_makes_a_column_of_tables(record, render):
    """The heading and the value of a figure that was given a row stand in text, Markdown and LaTeX."""
    text = render(comparison_tables([record]))

    assert "made-up" in text
    assert f"{VALUE}" in text


def test_one_row_makes_a_column_of_exports(record):
    """CSV, JSON and MLflow hold the figure under its name."""
    tables = comparison_tables([record])

    (line,) = csv.DictReader(io.StringIO(render_csv(tables), newline=""))
    (row,) = json.loads(render_json(tables, []))["tables"][0]["rows"]

    assert [VALUE] * 3 == [float(line["made_up"]), row["made_up"], metrics_of(record)["made_up"]]


def test_one_row_makes_a_column_and_an_axis_of_the_site(entries):
    """The leaderboard has the column with its values, and charts the axis."""
    found = leaderboard(entries)
    place = found["fields"].index("made_up")

    assert [("made_up", "Made-up", True)] == [
        (column["key"], column["label"], column["shown"]) for column in found["columns"] if column["key"] == "made_up"
    ]
    assert ["made-up figure"] == [axis["label"] for axis in found["axes"] if axis["key"] == "made_up"]
    assert {VALUE, 0.5} == {row[place] for row in found["rows"]}


def test_one_row_is_on_the_page_of_a_case_and_on_the_card(record, entries):
    """The head of a case's page and the costs on a card, as Markdown and as a page, hold it."""
    press, card = Press.ready(INSTALLED), card_of(record.case.model.name, [record], comparison_tables([record]), [], [])

    page = press.case(entries[0], [], CaseContext(runs_of(entries), {}, "models/x.html"))

    assert f"<dt>Made-up figure</dt><dd>{VALUE}</dd>" in page
    for text in (render_card(card), press.card_alone(card)):
        assert "made-up" in text
        assert f"{VALUE}" in text


def test_one_row_has_a_history(record, entries, tmp_path, capsys):
    """`ptmbench history` takes the figure, and the site's chart of histories has it."""
    folder = side(tmp_path / "run", CASES[:1])
    edit(folder, CASES[0], lambda content: content["quality"]["others"].update(made_up=VALUE))

    assert 0 == main(["history", str(folder), "--metric", "made_up", "--format", "json"])
    (series,) = json.loads(capsys.readouterr().out)["series"]
    (drawn,) = [one for one in timeline_data(Timelines.of(entries))["series"] if one["metric"] == "made_up"]

    assert [VALUE] == [run["value"] for run in series["runs"]]
    assert ([VALUE, 0.5], ["better"]) == (drawn["y"], [step["direction"] for step in drawn["steps"]])


@pytest.mark.usefixtures("record")
def test_one_row_is_judged(tmp_path):
    """The gate compares the figure as its row says, and less of what should be more is worse."""
    sides = [side(tmp_path / name, CASES[:1]) for name in ("before", "now")]
    for folder, value in zip(sides, (VALUE, 0.25), strict=True):
        edit(folder, CASES[0], lambda content, value=value: content["quality"]["others"].update(made_up=value))

    judgement = judge(*map(read_side, sides), Rules())

    assert ["made_up"] == [finding.metric for finding in judgement.findings if finding.verdict == "worse"]


def test_a_figure_that_no_case_has_takes_no_room(entries):
    """On the leaderboard and in charts a figure without a value is not offered; its field is there all the same."""
    found = leaderboard(entries)

    assert "energy_j" in found["fields"]
    assert "energy_j" not in {entry["key"] for entry in (*found["columns"], *found["axes"])}
    assert "macro_f1" in {column["key"] for column in found["columns"]}


def test_figures_are_written_in_their_unit():
    """A gain has its sign and its interval, a cost its digits, what is missing a dash."""
    record = ResultsFolder(QUICK).read("vgg_tiny.glyphs-digits_5shot-fine_tune")
    row = make_row(record)

    assert re.fullmatch(r"[+-]\d+\.\d \[[+-]\d+\.\d, [+-]\d+\.\d\][!~]{0,2}", written(by_name("gain"), row))
    assert f"{1e3 * record.cost.latency_s.p50:.2f}" == written(by_name("latency_p50_s"), row)
    assert "-" == written(by_name("energy_j"), row)
    assert "latency p50, ms" == labelled(by_name("latency_p50_s"))
    assert "parameters" == labelled(by_name("parameters"))
