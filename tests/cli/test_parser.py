"""Tests of `ptmbench.cli.parser`: what can be typed."""

import subprocess
import sys

import pytest

from ptmbench.cli.parser import make_parser

HEAVY = {"numpy", "scipy", "pydantic", "jinja2", "PIL", "torch"}
LOOK = """
import sys
from ptmbench.cli import main
try:
    main({typed})
except SystemExit:
    pass
print(*{{*sys.modules}} & {heavy})
"""


@pytest.mark.parametrize("typed", [[], ["--help"], ["--version"]])
def test_help_imports_nothing_heavy(typed):
    """What only says what can be typed, overview, help and version, waits for no library."""
    code = LOOK.format(typed=typed, heavy=HEAVY)

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "" == found.stdout.splitlines()[-1]


def test_a_command_that_is_typed_knows_its_options():
    """The commands among the words have their options, whatever stands around them; without words all have."""
    assert 5 == make_parser(["run", "--seeds", "5"]).parse_args(["run", "--seeds", "5"]).seeds
    assert 5 == make_parser().parse_args(["run", "--seeds", "5"]).seeds
    with pytest.raises(SystemExit):
        make_parser(["report"]).parse_args(["run", "--seeds", "5"])
