"""Tests of `ptmbench floors --write`: what it writes is read back."""

import json

from gates import CASES, edit, side

from ptmbench.cli import main
from ptmbench.records.record import PROTOCOL_VERSION
from ptmbench.running.floors import load_floors

HOSTILE = 'a"b\\c\x1b[2J\n::error::x\x7f\u202e\u2028'


def test_floors_of_any_case_are_read_back(tmp_path, capsys):
    """A case whose id holds quotes, backslashes and control letters has its floor, and the diff obeys none of it."""
    folder = side(tmp_path / "r", CASES[:2])
    edit(folder, CASES[0], lambda content: content["case"].update(id=HOSTILE))
    (folder / f"{CASES[0]}.json").rename(folder / f"{HOSTILE}.json")
    file = tmp_path / "floors.toml"

    code = main(["floors", "--from", str(folder), "--file", str(file), "--write"])

    assert 0 == code
    assert {HOSTILE, CASES[1]} == set(load_floors(file).by_budget["quick"])
    said = capsys.readouterr().out
    assert not [line for line in said.split("\n") if not line.isprintable() or line.lstrip().startswith("::")]


def test_records_of_another_protocol_give_no_floors(tmp_path, capsys):
    """What was measured differently is no floor of what runs now: the message says which folder, and what to do."""
    folder = side(tmp_path / "r", CASES[:2])
    edit(folder, CASES[0], lambda content: content.update(protocol_version=1))
    file = tmp_path / "floors.toml"

    code = main(["floors", "--from", str(folder), "--file", str(file), "--write"])

    assert (2, False) == (code, file.exists())
    said = capsys.readouterr().err
    assert f"expected records of protocol {PROTOCOL_VERSION}" in said
    assert "has 1 of protocol 1" in said
    assert "run their cases again" in said


def test_a_folder_of_no_known_budget_is_refused(tmp_path, capsys):
    """A table that ptmbench would not read again is not written."""
    folder = side(tmp_path / "r", CASES[:1])
    key = json.loads((folder / "_folder.json").read_text())
    (folder / "_folder.json").write_text(json.dumps({**key, "budget": "x]\n[y"}))
    file = tmp_path / "floors.toml"

    code = main(["floors", "--from", str(folder), "--file", str(file), "--write"])

    assert (2, False) == (code, file.exists())
    assert "x]" in capsys.readouterr().err
