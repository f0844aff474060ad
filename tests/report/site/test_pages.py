"""Tests of what the site holds, without a browser."""

import json
import re
import shlex
from html.parser import HTMLParser
from importlib import util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.catalog.columns import checked_columns
from ptmbench.catalog.settings import BUDGETS
from ptmbench.cli.installed import INSTALLED
from ptmbench.cli.parser import make_parser
from ptmbench.errors import UsageError
from ptmbench.records.record import Outcomes, null_paths
from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.building import build
from ptmbench.report.site.case import command_of, groups_of
from ptmbench.report.site.holdings import entries_of, holdings
from ptmbench.report.site.leaderboard import leaderboard
from ptmbench.report.site.pages import CaseContext, Press, script_literal
from ptmbench.report.site.pictures import picture_of
from ptmbench.report.site.series import runs_of
from sites import HOSTILE, PNG, changed, gone, looked_into, write
from strategies import records

PRESS = Press.ready(INSTALLED)


class Tags(HTMLParser):
    """Counts scripts, and handlers in attributes."""

    def __init__(self):
        super().__init__()
        self.scripts, self.handlers = [], []

    def handle_starttag(self, tag, attributes):
        """Notes what could run."""
        if tag == "script":
            self.scripts.append(dict(attributes))
        self.handlers += [name for name, _ in attributes if name.startswith("on")]


def entry_of(record, tmp_path):
    """The entry of a record in a folder of its own."""
    (entry,) = entries_of(holdings([(ResultsFolder(tmp_path), [record])]))
    return entry


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_literal_closes_no_script_and_loses_nothing(value):
    """Any data stands in a script without markup in it, and is read back as it was."""
    text = script_literal(value)

    assert value == json.loads(text)
    assert not set("<>&\u2028\u2029\n") & set(text)


@given(records())
def test_any_record_has_a_page(record):
    """Whatever is in a record, its page renders, and nothing from it becomes a script."""
    entry = entry_of(record, Path("gone"))

    page = PRESS.case(entry, [], CaseContext(runs_of([entry]), {}, "models/card.html"))

    tags = Tags()
    tags.feed(page)
    assert [] == tags.handlers
    assert all("src" in script or script.get("type") == "application/json" for script in tags.scripts)


@given(records())
def test_no_figure_is_lost(record):
    """Every null of a record stands on its page with its reason, but for parts that are missing whole with theirs."""
    groups = groups_of(record)
    told = sum(figure.text is None for group in groups for figure in group.figures)
    whole = sum(group.reason is not None for group in groups)
    nulls = list(null_paths(record.model_dump(exclude={"missing", "reason"})))

    assert len(nulls) == told + whole
    assert all(figure.reason for group in groups for figure in group.figures if figure.text is None)


def test_the_command_is_understood(few):
    """What reproduces a case parses, and names the case's model, task, method, budget and seeds."""
    record = few["resnet_tiny.glyphs-digits_5shot-linear_probe"]

    words = shlex.split(command_of(record, INSTALLED.ships))
    parsed = make_parser().parse_args(words[1:])

    assert [["resnet_tiny.glyphs"], ["digits_5shot"], ["linear_probe"]] == [parsed.model, parsed.task, parsed.method]
    assert ("quick", 3, "draw") == (parsed.budget, parsed.seeds, parsed.tune_on)


def test_the_command_asks_for_the_columns_that_there_are(few):
    """A record with columns that are asked for is reproduced with them."""
    record = looked_into(few["resnet_tiny.glyphs-digits_5shot-linear_probe"], 0.75)
    parsed = make_parser().parse_args(shlex.split(command_of(record, INSTALLED.ships))[1:])

    assert ("adversarial", "attribution", "forgetting", "privacy", "representation") == checked_columns(parsed.columns)


def test_the_command_says_which_labels_tuned(few):
    """A record of few-shot tuning on the validation split is reproduced with the option that made it."""
    record = few["resnet_tiny.glyphs-digits_5shot-linear_probe"]
    told = record.model_copy(update={"budget": BUDGETS["quick"].tuned_on("validation").name})

    parsed = make_parser().parse_args(shlex.split(command_of(told, INSTALLED.ships))[1:])

    assert ("quick", "validation") == (parsed.budget, parsed.tune_on)


def test_the_command_quotes_references(few):
    """A model and data of one's own are given whole, and a shell reads them as they are."""
    record = changed(few["resnet_tiny.glyphs-digits_5shot-linear_probe"], reference="file:a b;rm -rf.pth#torchvision:x")
    task = record.case.task.model_copy(update={"dataset": "csv:a.csv?text=1&label=2", "shots": 5})
    record = record.model_copy(update={"case": record.case.model_copy(update={"task": task})})

    words = shlex.split(command_of(record, INSTALLED.ships))

    assert "file:a b;rm -rf.pth#torchvision:x" in words
    assert "csv:a.csv?text=1&label=2&shots=5" in words


def test_the_leaderboard_has_every_column(few, tmp_path):
    """Each column has a field, each row as many figures as there are fields, and intervals both ends."""
    found = leaderboard(entries_of(holdings([(ResultsFolder(tmp_path), list(few.values()))])))

    assert {column["key"] for column in found["columns"]} <= set(found["fields"])
    assert {len(found["fields"])} == {len(row) for row in found["rows"]}
    assert len(few) == len(found["rows"])


def test_unfinished_cases_are_rows(few, tmp_path):
    """A case that failed has a row with its reason and no figures."""
    entry = entry_of(gone(few["vgg_tiny.glyphs-digits_5shot-knn"], "failed", HOSTILE), tmp_path)

    found = leaderboard([entry])
    row = dict(zip(found["fields"], found["rows"][0], strict=True))

    assert (None, None, "failed", HOSTILE) == (row["value"], row["parameters"], row["status"], row["reason"])


def test_the_same_case_of_two_folders_has_two_pages_and_a_history(few, tmp_path):
    """Folders that share a case get pages of their own, and the case's runs stand in the order in which they ran."""
    record = few["resnet_tiny.glyphs-digits_5shot-linear_probe"]
    later = record.model_copy(
        update={"provenance": record.provenance.model_copy(update={"started_at": "2030-01-01T00:00:00+00:00"})}
    )
    held = holdings([(ResultsFolder(tmp_path / "b" / "x"), [later]), (ResultsFolder(tmp_path / "a" / "x"), [record])])

    entries = entries_of(held)
    (runs,) = runs_of(entries).values()

    assert ["b/x", "a/x"] == [holding.label for holding in held]
    assert {f"cases/{slug}/{record.case.id}.html" for slug in ("b_x", "a_x")} == {entry.page for entry in entries}
    assert [record, later] == [run.record for run in runs]


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "pictures/../../secret.png", "nul\0", "link.png"])
def test_pictures_that_lead_out_are_not_taken(tmp_path, name):
    """A picture outside the results folder, by its name or by a link, is not copied."""
    (tmp_path / "secret.png").write_bytes(PNG.content)
    home = tmp_path / "results"
    home.mkdir()
    (home / "link.png").symlink_to(tmp_path / "secret.png")

    found = picture_of(ResultsFolder(home), Outcomes(file=name, sha256=PNG.sheet.sha256))

    assert found.content is None
    assert found.reason == "it lies outside the results folder"


def test_a_site_names_nothing_of_the_network(site):
    """No page, script or style of ours holds an address of the network."""
    ours = [
        path for path in site.rglob("*") if path.suffix in {".html", ".css", ".js"} and path.name != "plotly.min.js"
    ]

    assert ours
    assert [] == [
        path.name for path in ours if re.search(r"""(src|href)=["']?(https?:)?//|url\(|@import""", path.read_text())
    ]


def test_a_folder_of_something_else_is_left_alone(few, tmp_path):
    """A folder that holds other files is refused; an earlier site is replaced, its stale pages gone."""
    folders = [(ResultsFolder(tmp_path / "results"), [few["pixels-digits_5shot-knn"]])]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="holds something else than a site"):
        build(folders, tmp_path / "mine", INSTALLED)
    assert (tmp_path / "mine" / "index.html").read_text() == "mine"

    build(folders, tmp_path / "site", INSTALLED)
    (tmp_path / "site" / "cases" / "stale.html").write_text("")
    build(folders, tmp_path / "site", INSTALLED)

    assert ["pixels-digits_5shot-knn.html"] == [path.name for path in (tmp_path / "site" / "cases").iterdir()]


def test_no_plotly_is_one_line(few, tmp_path, monkeypatch):
    """Without the extra the message says what to install."""
    monkeypatch.setattr(util, "find_spec", lambda _name: None)

    with pytest.raises(UsageError, match=re.escape("pip install 'ptmbench[site]'")):
        build([(ResultsFolder(tmp_path), list(few.values()))], tmp_path / "site", INSTALLED)


def test_the_command_line_wants_a_folder(cli, few, tmp_path):
    """`--format html` without `-o` says what to type; with it the site is there; an empty folder is told."""
    write(tmp_path / "out", few["pixels-digits_5shot-knn"])
    (tmp_path / "empty").mkdir()

    assert "-o site/" in cli("report", "out", "--format", "html").stderr
    assert "holds no records" in cli("report", "empty", "--format", "html", "-o", "site").stderr
    assert "index.html: 1 cases" in cli("report", "out", "--format", "html", "-o", "site").stdout
    assert (tmp_path / "site" / "cases" / "pixels-digits_5shot-knn.html").exists()
