"""Tests of the tables of noise that `ptmbench calibrate` writes: the gate reads them, whatever a case is called."""

import dataclasses
import tomllib

import pytest
from gates import launches

from ptmbench.cli.calibrating import calibrate, merged, noise_tables
from ptmbench.errors import UsageError
from ptmbench.gate.rules import load_rules
from ptmbench.gate.sides import read_side

HOSTILE = ('a"b\\c', "x\x1b[2J\n::error::x", "nul\x00\x7f", "line\u2028[sep\x85[noise.x]")


def test_noise_of_any_case_is_read_back(tmp_path):
    """Names with quotes, backslashes and control letters are keys, and tables of before make room for those of now."""
    side = read_side(launches(tmp_path / "side", 2, noise=0.01, seed=0))
    entries = list(side.cases.values())
    side = dataclasses.replace(side, cases={**dict(zip(HOSTILE, entries, strict=False)), "once\nagain": entries[0][:1]})
    file = tmp_path / "gate.toml"

    for _ in range(2):
        file.write_text(merged(file, noise_tables(side)), encoding="utf-8")

    assert set(HOSTILE) == set(load_rules(file).noise)


@pytest.mark.parametrize(
    "heading", ['[noise."a"]', "  [ noise . a ]", "['noise'.a]", '["noise".a]', "[noise]\n[noise.a]"]
)
def test_old_noise_makes_room_however_it_is_written(tmp_path, heading):
    """Headings with blanks, quotes or none, as TOML allows them, are all taken out; rules stay."""
    file = tmp_path / "gate.toml"
    file.write_text(f"alarms = 0.02\n{heading}\nlaunches = 3\n[tolerance]\ntime = 0.2\n", encoding="utf-8")

    assert {"alarms": 0.02, "tolerance": {"time": 0.2}} == tomllib.loads(merged(file, ""))


def test_noise_that_cannot_be_taken_out_is_told_before_the_launches(tmp_path, monkeypatch):
    """Dotted keys of noise would stand twice: nothing is launched, and the message says what to take out."""
    file = tmp_path / "gate.toml"
    file.write_text("noise.a.launches = 3\n", encoding="utf-8")
    arguments = type("Arguments", (), {"runs": 2, "output": file, "expression": "x", "budget": "smoke"})

    with pytest.raises(UsageError, match="take it out"):
        calibrate(arguments)
