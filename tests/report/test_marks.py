"""Tests that an interval that rests on one seed says so wherever it is printed, and that it gives no verdict."""

import ast
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from gates import CASES, side

import ptmbench
from ptmbench.analysis.case_rows import make_row
from ptmbench.analysis.comparison import comparison_tables
from ptmbench.analysis.panels import cost_panels, gain_panels, label_panels, settings_of
from ptmbench.analysis.sources import source_tables
from ptmbench.analysis.usability import card_of
from ptmbench.cli import main
from ptmbench.cli.demo import CASES as SHOWN
from ptmbench.cli.demo import TASK, sentence
from ptmbench.cli.installed import INSTALLED
from ptmbench.records.store import ResultsFolder
from ptmbench.report.columns import PLACE
from ptmbench.report.figures import ONE_SEED, mark_of, percent
from ptmbench.report.plots import _rests_on
from ptmbench.report.progress import describe
from ptmbench.report.rendering import Readers, render
from ptmbench.report.site.case_parts import case_data
from ptmbench.report.site.holdings import entries_of, holdings
from ptmbench.report.site.leaderboard import leaderboard
from ptmbench.report.site.pages import CaseContext, Press
from ptmbench.report.site.series import charts_of, runs_of
from ptmbench.report.site.timeline import Timelines, timeline_data
from ptmbench.report.text import render_text
from ptmbench.report.usability_pages import render_card
from sites import QUICK

ONE = r"[+-]?\d+\.\d"
INTERVAL = re.compile(rf"\[{ONE}, {ONE}\](.?)")
ROBUST = QUICK.parents[1] / "robust" / "quick-cpu-fp32"
OVER_DATA_SETS = {
    "shown_mean",
    "conclusion_of",
    "_expectation",
}  # intervals over tasks: no seed of one case is behind them
ACROSS = "How do they generalise?"


def with_one_seed(record):
    """The record as of a run at one seed."""
    quality = record.quality.model_copy(update={"seeds": record.quality.seeds[:1], "interval_kind": "examples"})
    told = {"seeds": 1, "interval_kind": "paired_over_examples", "verdict": "one_seed"}
    gain = record.gain and record.gain.model_copy(update=told)
    return record.model_copy(update={"quality": quality, "gain": gain})


@pytest.fixture(scope="module")
def lone():
    """Committed records of several data sets, as of one seed."""
    wanted = re.compile(r"resnet_tiny\.\w+-(digits|textures)_5shot-(linear_probe|from_scratch|fine_tune)$")
    return [with_one_seed(record) for record in ResultsFolder(QUICK).read_all()[0] if wanted.match(record.case.id)]


@pytest.fixture(scope="module")
def entries(lone, tmp_path_factory):
    """What the site has of them, in two folders."""
    place = tmp_path_factory.mktemp("site")
    made = {"started_at": "2031-01-01T00:00:00+00:00"}
    later = [one.model_copy(update={"provenance": one.provenance.model_copy(update=made)}) for one in lone]
    return entries_of(holdings([(ResultsFolder(place / name), found) for name, found in (("a", lone), ("b", later))]))


def marks_in(text):
    """What stands behind each interval of a text, up to the tables of means over data sets."""
    return [found[1] for found in INTERVAL.finditer(text.partition(ACROSS)[0])]


def all_marked(text):
    """Whether there are intervals, and each has the mark of one seed."""
    return {ONE_SEED} == set(marks_in(text))


@pytest.mark.parametrize("style", ["text", "markdown"])
def test_tables_mark_one_seed(lone, style):
    """Every interval of the tables as text and Markdown has the mark, which a note explains; no row has a verdict."""
    text = render(lone, style)

    assert all_marked(text)
    assert "rests on one seed" in text
    assert {"one_seed", None} == {row.verdict for table in comparison_tables(lone) for row in table.rows}


def test_ranks_mark_one_seed(lone, entries):
    """The ranks of a row are an interval too, and marked in tables, on cards, on pages and on the leaderboard."""
    entry = next(entry for entry in entries if entry.record.gain)
    pages = Press.ready(INSTALLED), CaseContext(runs_of(entries), {}, "models/x.html")
    static = Path(ptmbench.__file__).parent / "report" / "site" / "static"

    assert "1-3!" == PLACE.text(make_row(lone[0], (1, 3)))
    ranked = replace(entry, row=make_row(entry.record, (1, 3)))
    assert "<dd>1-3!</dd>" in pages[0].case(ranked, [], pages[1])
    assert "1-3!" in [
        text for name, _, text in case_data(ranked, [], pages[1], INSTALLED)["headline"] if name == "rank"
    ]
    assert "${places}${row.value_mark}" in (static / "leaderboard.js").read_text()


@pytest.mark.parametrize("width", [80, 120])
def test_narrow_tables_mark_one_seed(lone, width):
    """In a terminal, where gains may stand without their interval, each has the mark."""
    text = render_text(comparison_tables(lone), source_tables(lone), width)
    gains = re.findall(r" [+-]\d+\.\d(.) 1 seed", text)

    assert all_marked(text)
    assert {ONE_SEED} == {ONE_SEED, *gains}
    assert gains or width > 80
    assert not re.search(r"[+-]\d+\.\d, \d", text)  # of a source, whose distance stands behind


def test_latex_marks_one_seed(lone):
    """Every interval of a paper's table has the mark, and the caption explains it."""
    text = render(lone, "latex").replace("$", "")

    assert all_marked(text)
    assert "rests on one seed" in text


def test_exports_name_what_intervals_rest_on(lone):
    """CSV, JSON and data frames have a field beside each interval that says what it is over, and the seeds."""
    (line, *_) = csv.DictReader(io.StringIO(render(lone, "csv"), newline=""))
    content = json.loads(render(lone, "json"))
    rows = [row for table in content["tables"] for row in table["rows"]]

    assert ("examples", "1") == (line["interval_kind"], line["seeds"])
    assert {"examples"} == {row["interval_kind"] for row in rows}
    assert {"paired_over_examples", None} == {row["gain_kind"] for row in rows}
    assert {1, None} == {row["gain_seeds"] for row in rows}
    cells = [cell for source in content["sources"] for line in source["lines"] for cell in line["cells"]]
    assert {"paired_over_examples"} == {cell["gain_kind"] for cell in cells}


def test_robustness_marks_one_seed():
    """The tables of corrupted examples mark intervals of one seed, as text and in the exports."""
    folder = ResultsFolder(ROBUST)
    records = [record for record in folder.read_all()[0] if len(record.quality.seeds) == 1][:3]
    if not records:
        pytest.skip("all committed records with corruptions have several seeds")

    text = render(records, "markdown", Readers.of_folder(folder))

    assert all_marked(text.partition("How robust are they?")[2])


def test_cards_mark_one_seed(lone):
    """The card as Markdown and as a page marks each interval, lists such gains under a heading, and says what it is."""
    card = card_of("resnet_tiny.glyphs", lone, comparison_tables(lone), [], [])

    for text in (render_card(card), Press.ready(INSTALLED).card_alone(card)):
        assert all_marked(text)
        assert "One seed: no verdict" in text
        assert "rests on one seed" in text


def test_the_leaderboard_and_charts_mark_one_seed(entries):
    """The rows that leaderboard and charts draw hold the marks of both intervals, and no verdict but one seed."""
    board = leaderboard(entries)
    rows = [dict(zip(board["fields"], row, strict=True)) for row in board["rows"]]

    assert {ONE_SEED} == {row["value_mark"] for row in rows}
    assert {ONE_SEED} == {row["gain_mark"] for row in rows if row["gain"] is not None}
    assert {"one seed", None} == {row["verdict"] for row in rows}
    press = Press.ready(INSTALLED)
    assert all("rests on one seed" in page for page in (press.index([], entries), press.charts(), press.tables([])))


def test_scripts_write_the_marks():
    """Each script of the site that writes an interval writes the mark that its data hold."""
    static = Path(ptmbench.__file__).parent / "report" / "site" / "static"
    wanted = {
        "leaderboard.js": "_mark",
        "charts.js": "_mark",
        "case.js": "mark",
        "cases.js": "marks",
        "plots.js": "mark",
    }

    for name, mark in {**wanted, "history.js": "marks"}.items():
        assert mark in (static / name).read_text(), name
    written_there = {path.name for path in static.glob("*.js") if re.search(r"\[\$\{", path.read_text())}
    assert written_there <= wanted.keys()


def test_case_pages_mark_one_seed(entries):
    """The page of a case, and what the page of many cases shows, mark each interval and say it in a sentence."""
    entry = next(entry for entry in entries if entry.record.gain)
    context = CaseContext(runs_of(entries), {}, "models/x.html")

    page = Press.ready(INSTALLED).case(entry, [], context)
    data = case_data(entry, [], context, INSTALLED)

    assert all_marked(page)
    assert page.count(f"%{ONE_SEED}</dd>") == page.count(f"points{ONE_SEED}</dd>") == 1  # in the record's own figures
    assert all_marked(" ".join(text for _, _, text in data["headline"]))
    assert all_marked(" ".join(run[4] for run in data["runs"]))
    assert any("ests on one seed" in note for note in data["notes"])
    assert {ONE_SEED} == set(charts_of(entry, runs_of(entries)[entry.record.case.id, entry.setting])["history"]["mark"])


def test_histories_mark_one_seed(entries):
    """The chart of histories holds the mark of each run whose interval it draws."""
    drawn = [one for one in timeline_data(Timelines.of(entries))["series"] if one["metric"] in {"quality", "gain"}]

    assert drawn
    assert {ONE_SEED} == {mark for one in drawn for mark in one["marks"]}


def test_pictures_mark_one_seed(lone):
    """Pictures that draw intervals of one seed say so under their title."""
    (tables,) = settings_of(lone).values()
    drawn = [choose(tables) for choose in (cost_panels, gain_panels, label_panels)]

    assert all("rest on one seed" in _rests_on(panels) for panels in drawn if panels)


def test_the_gate_marks_one_seed(tmp_path, capsys):
    """A change of quality that the gate tells has the mark where both sides ran one seed."""
    folders = [side(tmp_path / name, CASES[:1]) for name in ("before", "now")]
    main(["gate", *map(str, folders), "--format", "json"])
    (found,) = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["metric"] == "top1_accuracy"]

    assert mark_of(found["comparison"]["interval_kind"]) == (
        ONE_SEED if len(ResultsFolder(folders[0]).read(CASES[0]).quality.seeds) == 1 else ""
    )


def test_the_demo_marks_one_seed():
    """The sentence of the demo marks its interval where one seed is behind it."""
    folder = ResultsFolder(QUICK)
    found = [with_one_seed(folder.read(f"{model}-{TASK}-{method}")) for model, method in SHOWN]

    assert all_marked(sentence(found))


def test_lines_of_progress_print_no_interval(lone):
    """The line of a finished case shows a value without an interval, so that nothing of it is to be taken as sure."""
    assert "[" not in describe(lone[0], reused=False)


def test_everything_that_writes_an_interval_asks_for_its_mark():
    """Each function of the package that writes two figures in brackets calls the one that marks them."""
    silent = set()
    for room in ("report", "cli", "running", "plugin", "api", "gate"):
        for path in sorted((Path(ptmbench.__file__).parent / room).rglob("*.py")):
            tree = ast.parse(path.read_text())
            functions = [found for found in ast.walk(tree) if isinstance(found, ast.FunctionDef)]
            silent |= {one.name for one in functions if _writes_interval(one) and "mark_of" not in ast.unparse(one)}

    assert OVER_DATA_SETS == silent


def _writes_interval(found):
    """Whether the function has an f-string such as "[{low}, {high}]"."""
    for text in ast.walk(found):
        if isinstance(text, ast.JoinedStr):
            shape = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in text.values)
            if re.search(r"\[\{\}, \{\}\]|\{\} \[\{\}\]", shape):
                return True
    return False


@pytest.mark.parametrize("kind", ["seeds_and_examples", "paired_over_seeds_and_examples", None])
def test_several_seeds_have_no_mark(kind):
    """An interval over seeds and examples stands as it is."""
    assert "50.0 [40.0, 60.0]" == percent(0.5, 0.4, 0.6, kind)
