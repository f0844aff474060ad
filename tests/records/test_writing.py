"""Tests of `ptmbench.records.writing`."""

import os
import socket
import subprocess
import sys

import pytest

from ptmbench.errors import StoreError
from ptmbench.records import writing
from ptmbench.records.writing import ABANDONED_S, clear_abandoned, write_atomically


def test_writing_is_whole_or_not_at_all(tmp_path, monkeypatch):
    """When the disk fails in the middle, the old file is still there, and whole."""
    path = tmp_path / "x.json"
    write_atomically(path, b"old")

    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="No space left"):
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    """Ctrl-C in the middle of a write leaves neither the file nor a part of it."""

    def interrupted(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "record.json", b"{}")

    assert [] == list(tmp_path.iterdir())


def killed_while_writing(path):
    """A process of its own that is killed when it has written and not yet moved its file."""
    code = (
        "import os, pathlib, signal\n"
        "from ptmbench.records import writing\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"writing.write_atomically(pathlib.Path({str(path)!r}), b'new')\n"
    )
    assert -9 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_what_a_killed_process_began_is_cleared_away(tmp_path):
    """The unfinished file of a dead process goes; files of the living, and what is none of ours, stay."""
    (tmp_path / "notes.tmp").write_text("mine")
    (tmp_path / writing._signed_name()).write_text("being written")
    killed_while_writing(tmp_path / "record.json")
    assert 3 == len(list(tmp_path.iterdir()))

    clear_abandoned(tmp_path)

    assert 2 == len(list(tmp_path.iterdir()))
    assert (tmp_path / "notes.tmp").exists()


@pytest.mark.parametrize("name", [".0123abcd.77.99.0123abcd.tmp", ".ab1_xyz9.tmp"], ids=["another host", "unsigned"])
def test_of_other_owners_only_age_tells(tmp_path, name):
    """An unfinished file of another host, or of an earlier version, goes once nobody can still be writing it."""
    path = tmp_path / name
    path.write_text("")

    clear_abandoned(tmp_path)
    assert path.exists()

    old = path.stat().st_mtime - ABANDONED_S - 1
    os.utime(path, (old, old))
    clear_abandoned(tmp_path)
    assert not path.exists()


def test_a_folder_that_is_not_there_needs_no_clearing(tmp_path):
    """Nothing is made, and nothing fails."""
    clear_abandoned(tmp_path / "nowhere")

    assert [] == list(tmp_path.iterdir())


def test_names_tell_no_host(tmp_path):
    """The name of an unfinished file does not hold the host's own name."""
    assert socket.gethostname() not in writing._signed_name()


def test_a_device_is_written_to_and_stays_one(tmp_path):
    """Root may replace what lies in a folder: the null device would become a file, for all programs of the machine."""
    (tmp_path / "null").symlink_to(os.devnull)
    write_atomically(tmp_path / "null", b"x")

    assert (tmp_path / "null").is_char_device()
    assert [tmp_path / "null"] == list(tmp_path.iterdir())


def test_a_pipe_is_written_to_where_somebody_reads(tmp_path):
    """A process that waits at the other end gets the text; without one it is an error at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="pipe cannot be written"):
        write_atomically(tmp_path / "pipe", b"x")
    descriptor = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(tmp_path / "pipe", b"text")
    with os.fdopen(descriptor, "rb") as stream:
        assert b"text" == stream.read()
