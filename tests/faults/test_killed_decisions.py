"""Kills of a decision: whatever stage it is at, the same command goes on from there and gives the same answer.

The usual suite kills at two stages, PTMBENCH_FAULTS=10000 (`tox -e faults`) at all five.
"""

import json
import os
import signal
import subprocess
import sys

import pytest

from ptmbench.records.decision import DECISION

pytestmark = pytest.mark.slow

ALL = int(os.environ.get("PTMBENCH_FAULTS", "500")) >= 10_000
STAGES = (
    ("scores:", "probes:", "short trainings:", "full trainings:", "test part")
    if ALL
    else ("short trainings:", "test part")
)
COMMAND = (
    *("recommend", "--task", "digits_1shot", "--model", "resnet_tiny.glyphs", "--model", "vae_tiny.glyphs"),
    *("--method", "knn", "--method", "fine_tune", "--device", "cpu", "--threads", "1"),
)


def started(folder):
    """The command, begun in a process of its own; its lines of progress can be read as they come."""
    environment = {**os.environ, "PTMBENCH_CACHE": "off", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "ptmbench", *COMMAND, "--results", str(folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=environment, text=True, **pipes)


def killed_at(folder, stage):
    """Runs the command up to the line that names a stage, and kills it there; returns how it ended."""
    with started(folder) as process:
        for line in process.stdout:
            if line.startswith(stage):
                process.kill()
    return process.returncode


def decided(folder):
    """The decision of a run that nothing disturbs, without what a clock tells."""
    with started(folder) as process:
        said = process.stdout.read()
    assert 0 == process.returncode, said
    found = json.loads((folder / DECISION).read_text())
    del found["cost"]
    return found


def test_a_kill_in_any_stage_changes_no_answer(tmp_path):
    """Killed at each stage in turn, a decision goes on each time and ends as one that was never disturbed."""
    ends = [killed_at(tmp_path / "killed", stage) for stage in STAGES]

    assert [-signal.SIGKILL] * len(STAGES) == ends
    assert decided(tmp_path / "whole") == decided(tmp_path / "killed")
