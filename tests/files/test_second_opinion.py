"""Tests of the second opinion on files of weights."""

import os
import sys

import pytest
import torch

from ptmbench.files.second_opinion import SecondOpinion, second_opinion


class Harmful:
    """What would run a command where it is unpickled."""

    def __reduce__(self):
        return os.system, ("true",)


def test_tensors_alone_are_nothing(tmp_path):
    """A state dict, as it is saved, has nothing that picklescan minds."""
    torch.save({"weight": torch.zeros(3)}, tmp_path / "plain.pth")

    assert SecondOpinion((), (), unread=False) == second_opinion(tmp_path / "plain.pth")


def test_what_runs_a_command_is_dangerous(tmp_path, capfd):
    """The function is named, nothing is run, and nothing is written beside what we say."""
    torch.save({"weight": torch.zeros(3), "more": Harmful()}, tmp_path / "harmful.pth")
    found = second_opinion(tmp_path / "harmful.pth")

    assert (f"{os.system.__module__}.system",) == found.dangerous
    assert f"picklescan finds dangerous: {found.dangerous[0]}" in found.told()
    assert ("", "") == capfd.readouterr()


def test_what_it_does_not_know_is_suspicious(tmp_path):
    """A class of one's own is neither known to be harmless nor to be harmful."""
    torch.save({"layer": torch.nn.Linear(2, 2)}, tmp_path / "whole.pth")
    found = second_opinion(tmp_path / "whole.pth")

    assert () == found.dangerous
    assert "torch.nn.modules.linear.Linear" in found.suspicious


def test_what_cannot_be_read_has_no_verdict(tmp_path):
    """A broken file is said to be unread, not harmless."""
    (tmp_path / "broken.pth").write_bytes(b"PK\x03\x04 and no more")
    found = second_opinion(tmp_path / "broken.pth")

    assert found.unread
    assert "picklescan cannot read it" == found.told()


def test_without_it_there_is_no_opinion(tmp_path, monkeypatch):
    """Where picklescan is not installed nothing is said."""
    monkeypatch.setitem(sys.modules, "picklescan.scanner", None)

    assert second_opinion(tmp_path / "any.pth") is None


@pytest.mark.parametrize("level", ["dangerous", "suspicious"])
def test_names_are_told_by_level(level):
    """Each level is told with its names."""
    found = SecondOpinion(**{"dangerous": (), "suspicious": (), level: ("a.b",)}, unread=False)

    assert f"picklescan finds {level}: a.b" == found.told()
