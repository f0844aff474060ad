"""Tests of `ptmbench report`: what it says beside its tables."""

from gates import CASES, side

from ptmbench.cli import main
from ptmbench.records.store import ResultsFolder


def test_a_warning_steers_nothing(tmp_path, capsys):
    """A file that is no record is named on stderr, and its name is obeyed by no terminal and no CI job."""
    folder = side(tmp_path / "r", CASES[:1])
    (folder / "a\n::error::x\x1b[2J.json").write_text("{}", encoding="utf-8")

    code = main(["report", str(folder)])

    lines = capsys.readouterr().err.split("\n")
    assert 0 == code
    assert any("is not a ptmbench record" in line for line in lines)
    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::")]


def test_an_error_steers_nothing(tmp_path, capsys):
    """The message that ends a command with 2 names what was typed, and nothing obeys it."""
    code = main(["report", str(tmp_path / "a\n::error::x\x1b[2J")])

    lines = capsys.readouterr().err.split("\n")
    assert 2 == code
    assert any("error" in line for line in lines)
    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::")]


def test_outcomes_that_cannot_be_read_are_named(tmp_path, capsys):
    """A record whose outcomes are gone is named on stderr, and stands in the table with the others."""
    folder = side(tmp_path / "r", CASES[:2])
    gone = ResultsFolder(folder).read(CASES[0])
    (folder / gone.quality.outcomes.file).unlink()

    code = main(["report", str(folder), "--format", "csv"])

    said = capsys.readouterr()
    assert 0 == code
    assert 1 == said.err.count(f"{gone.quality.outcomes.file} cannot be read")
    assert 3 == len(said.out.splitlines())
