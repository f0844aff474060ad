"""Tests of `ptmbench.cli.overview`: what `ptmbench` says by itself."""

import argparse

from ptmbench.cli import main
from ptmbench.cli.overview import PURPOSES, SUMMARIES, text
from ptmbench.cli.parser import make_parser


def commands():
    """The commands that the parser knows."""
    parser = make_parser()
    (found,) = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return found.choices


def test_every_command_stands_under_one_purpose():
    """The overview names each command once, and no other."""
    listed = [name for names in PURPOSES.values() for name in names]

    assert sorted(commands()) == sorted(listed)
    assert len(SUMMARIES) == len(listed)


def test_without_a_command_there_is_an_overview(capsys):
    """`ptmbench` alone prints the commands by purpose, in 80 columns, and is no error."""
    assert 0 == main([])

    shown = capsys.readouterr().out
    assert text() + "\n" == shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "ptmbench demo" in shown
