"""Kills of a decision: whatever stage it is at, the same command goes on from there and gives the same answer.

The usual suite kills at two stages, PTMBENCH_FAULTS=10000 (`tox -e faults`) at all five.
"""

import json
import os
import signal
import time

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


@pytest.fixture
def started(forge, monkeypatch, tmp_path):
    """Begins the command in a process of its own, which writes its lines of progress to a file as they come."""
    monkeypatch.setenv("PTMBENCH_CACHE", "off")
    return lambda folder: forge.start("-m", "ptmbench", *COMMAND, "--results", str(folder), cwd=tmp_path)


def killed_at(process, stage):
    """Lets the command run up to the line that names a stage, and kills it there; returns how it ended."""
    began = time.monotonic()
    while not any(line.startswith(stage) for line in process.lines()):
        assert time.monotonic() < began + 300, stage
        assert process.alive(), stage
        time.sleep(0.02)
    process.kill()
    return process.returncode


def decided(process, folder):
    """The decision of a run that nothing disturbs, without what a clock tells."""
    said = process.communicate(300)
    assert 0 == process.returncode, said
    found = json.loads((folder / DECISION).read_text())
    del found["cost"]
    return found


def test_a_kill_in_any_stage_changes_no_answer(started, tmp_path):
    """Killed at each stage in turn, a decision goes on each time and ends as one that was never disturbed."""
    places = {name: tmp_path / name for name in ("killed", "whole")}
    ends = [killed_at(started(places["killed"]), stage) for stage in STAGES]
    answers = [decided(started(folder), folder) for folder in places.values()]

    assert [-signal.SIGKILL] * len(STAGES) == ends
    assert answers[0] == answers[1]
