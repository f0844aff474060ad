"""Tests of `ptmbench.records.marks`: whether the process that made a mark still lives."""

import json
import os
import threading
from dataclasses import replace

import pytest

from ptmbench.errors import StoreError
from ptmbench.records import marks
from ptmbench.records.marks import Mark, beating, mark_of_this_process, process_start, read_mark

DEEP = "[" * 100_000
NEGATIVE = '{"digest": "d", "pid": -1}'  # a signal to it would reach every process
TIMELESS = '{"digest": "d", "pid": 7, "heartbeat": "yesterday"}'


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    pid = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(pid, 0)
    return pid


def test_a_mark_is_read_as_it_was_written(tmp_path):
    """What a mark says comes back from its file."""
    mark = mark_of_this_process("d")
    (tmp_path / "mark").write_bytes(mark.content())

    assert mark == read_mark(tmp_path / "mark")
    assert mark.lives()


def test_marks_of_earlier_versions_are_read(tmp_path, dead):
    """A mark of digest and process alone is of this host."""
    (tmp_path / "mark").write_text(f'{{"digest": "d", "pid": {dead}}}')

    assert Mark("d", dead) == read_mark(tmp_path / "mark")
    assert not Mark("d", dead).lives()
    assert Mark("d", os.getpid()).lives()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"digest": "d"}', '{"digest": "d", "pid": "x"}', DEEP, NEGATIVE, TIMELESS]
)
def test_what_is_no_mark_is_none(tmp_path, content):
    """A file that says nothing of a process is no mark."""
    (tmp_path / "mark").write_text(content)

    assert read_mark(tmp_path / "mark") is None


@pytest.mark.skipif(process_start(os.getpid()) is None, reason="this system does not tell when a process started")
def test_a_number_given_again_is_another_process():
    """A living process that started at another time than the marked one is not the one that made the mark."""
    mark = mark_of_this_process("d")

    assert not replace(mark, process_start=mark.process_start - 1).lives()


def test_a_process_of_another_host_lives_by_its_heartbeat(dead):
    """The number of a process on another host says nothing: its heartbeat decides."""
    mark = replace(mark_of_this_process("d"), host="elsewhere.example", pid=dead, process_start=None)

    assert mark.lives()
    assert not replace(mark, heartbeat=mark.heartbeat - marks.SILENCE_S - 1).lives()
    assert not replace(mark, heartbeat=None).lives()


def test_the_heart_beats_until_the_block_ends(monkeypatch):
    """The mark is written again with later heartbeats, whatever the disk does, and not once the block has ended."""
    monkeypatch.setattr(marks, "HEARTBEAT_S", 0.001)
    written, enough = [], threading.Event()

    def write(content):
        written.append(json.loads(content))
        if len(written) > 2:
            enough.set()
        raise_when(len(written) == 2)

    mark = mark_of_this_process("d")
    with beating(mark, write):
        assert enough.wait(30)

    assert json.loads(mark.content()) == written[0]
    assert written[0]["heartbeat"] < written[1]["heartbeat"] < written[2]["heartbeat"]
    assert not [thread for thread in threading.enumerate() if thread.name == "ptmbench-heartbeat"]


def raise_when(failing):
    """Stands for a disk that is full for a moment."""
    if failing:
        raise StoreError("no space left")
