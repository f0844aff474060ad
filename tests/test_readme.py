"""Tests that what README shows can be typed."""

import configparser
import re
import runpy
import shlex
from pathlib import Path

import pytest

from ptmbench.catalog.cases import product
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.selection import select
from ptmbench.cli.parser import make_parser
from ptmbench.records import environment

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MOST_WORDS = 900


def fenced(page, language):
    """The blocks of a page in a language; "" for what is typed."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [block for its_language, block in found if its_language == language]


def typed(page):
    """The lines of a page that are typed."""
    lines = "\n".join(fenced(page, "")).splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.strip()]


LINES = [words for page in (README, ROOT / "docs" / "handbook.md") for words in typed(page)]


@pytest.mark.parametrize("words", [words for words in LINES if words[0] == "ptmbench"], ids=" ".join)
def test_commands_of_ours_are_understood(words):
    """Every `ptmbench` line of README and handbook parses."""
    make_parser().parse_args(words[1:])


@pytest.mark.parametrize("words", [words for words in LINES if "-k" in words], ids=" ".join)
def test_expressions_select_something(words):
    """Every -k expression of README and handbook selects cases, and not all of them."""
    cases = entries_of().cases()
    chosen = select(cases, words[words.index("-k") + 1])

    assert 0 < len(chosen) < len(cases)


def test_links_lead_somewhere():
    """Every relative link of the READMEs, CONTRIBUTING and the guides is a file or folder of the project."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "results" / "README.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_there_are_exactly_two_setup_commands():
    """One line runs the main job, one the tests; both install all they need."""
    setups = [words for words in typed(README) if "venv" in words]

    assert [["bench"], ["tests"]] == [words[-1:] for words in setups]


def test_readme_is_short():
    """README is read in a few minutes: what goes beyond stands in the guides."""
    assert len(README.read_text().split()) <= MOST_WORDS


@pytest.mark.parametrize("code", fenced(README, "python"))
def test_python_runs(code, tmp_path, monkeypatch):
    """Every block of Python in README runs as it stands, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # threads that share a busy machine wait for each other
    monkeypatch.setattr(environment, "cores", lambda: 1)
    (tmp_path / "shown.py").write_text(code)
    runpy.run_path("shown.py", run_name="__main__")


def test_the_first_table_has_every_family_and_kind():
    """`tox -e first` selects of each family of embedded models and each kind of task, with partners for gain."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    words = shlex.split(settings["testenv:first"]["commands"].replace("\\\n", " "))
    embedded = product()
    chosen = select(embedded, words[words.index("-k") + 1])

    assert len(chosen) < 50
    assert {case.model.family for case in embedded} == {case.model.family for case in chosen}
    assert {case.task.kind for case in embedded} == {case.task.kind for case in chosen}
    assert "from_scratch" in {case.method.name for case in chosen}
