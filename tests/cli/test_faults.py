"""Tests of `ptmbench.cli.faults`: what a fault of ptmbench itself comes to."""

import re
from pathlib import Path

import pytest

from ptmbench.cli import faults, main, overview
from ptmbench.cli.faults import FAULT
from ptmbench.running import work


def kept(said):
    """The text of the file that a message names."""
    return Path(re.search(r"its traceback is in (\S+):", said)[1]).read_text(encoding="utf-8")


def test_a_fault_has_an_exit_code_and_a_file_of_its_own(capsys, monkeypatch, tmp_path):
    """No traceback on either stream and not the exit code of a regression; the traceback is in a file."""
    monkeypatch.setattr(faults.tempfile, "tempdir", str(tmp_path))

    def broken(_arguments):
        raise KeyError("lost\nhere " + "x" * 1000)

    monkeypatch.setattr(overview, "show", broken)

    assert main([]) == FAULT == 3

    said = capsys.readouterr()
    assert "" == said.out
    assert said.err.startswith("ptmbench: a fault of ptmbench: KeyError: ")
    assert "Traceback" not in said.err
    assert len(said.err) < 700
    assert "in broken" in kept(said.err)


def test_a_fault_is_told_where_no_file_can_be_written(capsys, monkeypatch, tmp_path):
    """The traceback is not lost: it is printed where there is no place to write it."""
    monkeypatch.setattr(faults.tempfile, "tempdir", str(tmp_path / "nowhere"))

    faults.report_fault(KeyError("lost"))

    assert "KeyError: 'lost'" in capsys.readouterr().err.splitlines()[-1]


def test_a_run_goes_on_behind_a_fault_and_ends_with_its_exit_code(capsys, monkeypatch, tmp_path):
    """A case that meets a fault of ptmbench is recorded as failed, the next one runs, and the exit code is 3."""
    monkeypatch.setattr(faults.tempfile, "tempdir", str(tmp_path))
    result = work._result

    def broken(bench, case):
        if case.method.name == "knn":
            raise ZeroDivisionError("of ours")
        return result(bench, case)

    monkeypatch.setattr(work, "_result", broken)
    chosen = ["-k", "pixels and digits_1shot", "--budget", "smoke", "--results", str(tmp_path / "results")]

    assert main(["run", *chosen]) == FAULT

    said = capsys.readouterr()
    assert "pixels-digits_1shot-knn failed by a fault in ptmbench: ZeroDivisionError: of ours" in said.err
    assert "Traceback" not in said.err + said.out
    assert "in broken" in kept(said.err)
    assert "2 records in" in said.out


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied", "notes.txt"), OSError(28, "No space left")])
def test_what_the_system_refuses_is_one_message(capsys, monkeypatch, error):
    """What the file system says is for the user to mend: one line and exit code 2."""

    def refused(_arguments):
        raise error

    monkeypatch.setattr(overview, "show", refused)

    assert main([]) == 2

    said = capsys.readouterr().err
    assert 1 == said.count("\n")
    assert error.strerror in said
    assert (error.filename or "ptmbench") in said
