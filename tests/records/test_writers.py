"""Tests of `ptmbench.records.writers`: which runs may write into a folder at once."""

import subprocess
import sys
from dataclasses import replace

import pytest

from ptmbench.errors import StoreError
from ptmbench.records import writers
from ptmbench.records.marks import SILENCE_S, mark_of_this_process
from ptmbench.records.writers import join, leave, locked


@pytest.fixture
def other(tmp_path):
    """A living process that has marked the folder, with these settings."""
    (tmp_path / "_runs").mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = replace(mark_of_this_process("theirs"), pid=process.pid, process_start=None)
        (tmp_path / "_runs" / "other.json").write_bytes(mark.content())
        yield process
        process.kill()


def test_a_run_leaves_nothing(tmp_path):
    """The mark of a run goes with it, and so does the folder of marks."""
    leave(join(tmp_path, "ours", [], resume=False))

    assert [] == list(tmp_path.iterdir())


def test_a_run_of_other_settings_is_refused(tmp_path, other):
    """Two runs of different settings do not write into one folder, not even on a resume."""
    for resume in (False, True):
        with pytest.raises(StoreError, match=f"other settings .process {other.pid} .*--results"):
            join(tmp_path, "ours", [], resume=resume)


def test_runs_of_the_same_settings_share_by_resume(tmp_path, other):
    """A resume takes over what the other run finishes; a run that would do it all again is refused."""
    with pytest.raises(StoreError, match=f"same settings .process {other.pid} .*--resume"):
        join(tmp_path, "theirs", [], resume=False)

    assert join(tmp_path, "theirs", [], resume=True).exists()


def test_a_dead_run_stands_in_nobodys_way(tmp_path, other):
    """The mark of a process that was killed is cleared away."""
    other.kill()
    other.wait()

    join(tmp_path, "ours", [], resume=False)

    assert not (tmp_path / "_runs" / "other.json").exists()


def test_a_run_on_another_host_lives_by_its_cases(tmp_path):
    """Its own mark is written once; as long as a case of it was heard of it is at work."""
    elsewhere = replace(mark_of_this_process("theirs"), host="elsewhere.example", pid=7)
    silent = replace(elsewhere, heartbeat=elsewhere.heartbeat - SILENCE_S - 1)
    (tmp_path / "_runs").mkdir()
    (tmp_path / "_runs" / "other.json").write_bytes(silent.content())

    with pytest.raises(StoreError, match="other settings"):
        join(tmp_path, "ours", [replace(elsewhere, digest="case")], resume=False)

    join(tmp_path, "ours", [], resume=False)


def test_a_process_may_open_its_folder_again(tmp_path):
    """Runs that follow each other in one process do not stand in each other's way."""
    join(tmp_path, "first", [], resume=False)

    assert join(tmp_path, "second", [], resume=False).exists()


def test_the_lock_keeps_another_process_waiting(tmp_path):
    """While the lock is held, another process does not get it."""
    code = (
        "import fcntl, os, sys\n"
        f"descriptor = os.open({str(tmp_path)!r}, os.O_RDONLY)\n"
        "try:\n    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except OSError:\n    sys.exit(7)\n"
    )
    assert writers.fcntl is not None

    with locked(tmp_path):
        held = subprocess.run([sys.executable, "-c", code], check=False).returncode
    free = subprocess.run([sys.executable, "-c", code], check=False).returncode

    assert (7, 0) == (held, free)


def test_a_folder_that_cannot_be_locked_is_no_error(tmp_path):
    """Where the system has no lock to give, the block runs all the same."""
    entered = []
    with locked(tmp_path / "nowhere"):
        entered.append(True)

    assert [True] == entered
