"""Tests that what CI runs can be run."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from ptmbench.cli.parser import make_parser

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PARSED = {path.name: yaml.safe_load(path.read_text()) for path in WORKFLOWS}
LINES = [
    line.strip()
    for found in PARSED.values()
    for job in found["jobs"].values()
    for step in job["steps"]
    for line in step.get("run", "").splitlines()
]


def words_of(line):
    """The words of a command, with what GitHub and the shell would fill in replaced, up to what follows it."""
    plain = re.sub(r"\$\{\{[^}]*\}\}", "x", line).replace("$SUBSET", "digits").replace("$GITHUB_SHA", "x")
    return shlex.split(re.split(r" \|\| | >> ", plain)[0])


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("ptmbench ")])
def test_commands_of_ours_are_understood(line):
    """Every `ptmbench` line of the workflows parses."""
    make_parser().parse_args(words_of(line)[1:])


def test_what_is_published_is_there():
    """The folders that the site is made of hold results, and the documentation is built where it is taken from."""
    named = {word for line in LINES for word in words_of(line) if word.startswith("results/")}
    docs = next(line for line in LINES if line.startswith("cp -r build/docs"))

    assert named
    assert all(any(ROOT.glob(f"{name.rstrip('/')}/_folder.json")) for name in named)
    assert "build/docs" in (ROOT / "tox.ini").read_text(), docs


def test_only_what_lands_is_published():
    """A pull request publishes nothing, and only the publishing job may write pages."""
    jobs = PARSED["benchmark.yml"]["jobs"]

    assert {"contents": "read"} == PARSED["benchmark.yml"]["permissions"]
    assert "github.event_name != 'pull_request'" == jobs["publish"]["if"]
    assert "pages" not in jobs["gate"]["permissions"]


def test_the_audit_blocks_only_where_it_found_something():
    """It is a job of its own, that nothing waits for; of its exit codes only that of a missing service passes."""
    jobs = PARSED["ci.yml"]["jobs"]
    lines = [step["run"] for step in jobs["audit"]["steps"] if "run" in step]

    assert "tox -e audit || test $? -eq 75" == lines[-1]
    assert "[testenv:audit]" in (ROOT / "tox.ini").read_text()
    assert [] == [name for name, job in jobs.items() if "needs" in job]
