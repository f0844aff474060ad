"""Tests of `benchmarks/recording/record.py`."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest

from ptmbench.catalog.cases import product
from ptmbench.catalog.selection import select
from ptmbench.catalog.settings import BUDGETS

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "recording" / "record.py"


@pytest.fixture
def script():
    """The script, loaded by its path."""
    spec = importlib.util.spec_from_file_location("record_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def record(script, monkeypatch, capsys):
    """Calls the script on a checkout of that commit: its status, the commands that it would run, and what it said."""

    class Done:
        returncode = 0

    def call(commit, *typed):
        commands = []
        monkeypatch.setattr(script, "commit", lambda: commit)
        monkeypatch.setattr(script.subprocess, "run", lambda command, **_: commands.append(command) or Done)
        return script.main([*typed]), commands, capsys.readouterr().err

    return call


@pytest.mark.parametrize("commit", ["0123456789ab-dirty", "unknown"])
def test_a_dirty_checkout_is_refused_unless_told(record, commit):
    """Records that are committed name a commit that made them."""
    status, commands, said = record(commit, "quick")

    assert (2, []) == (status, commands)
    assert f"expected a clean checkout, got commit {commit}" in said
    assert 1 == len(record(commit, "quick", "--dirty")[1])


def test_what_follows_is_handed_on(record):
    """`--resume` and every other option of a run may stand behind the name."""
    _, [command], _ = record("0123456789ab", "dense", "--resume", "--jobs", "1")

    assert ["--resume", "--jobs", "1"] == command[-3:]


@pytest.mark.parametrize("name", ["quick", "standard", "converged", "dense", "dense_standard", "robust", "trust"])
def test_every_folder_is_called_after_its_budget_and_has_cases(script, name):
    """The options select something, and the folder's name begins with the budget that they give."""
    folder, options = script.COMMANDS[name]
    given = dict(pairwise(options))
    budget = given.get("--budget", "quick")

    assert budget in BUDGETS
    assert f"{budget}-cpu-fp32" == Path(folder).name
    assert select(product(), given.get("-k", ""))
