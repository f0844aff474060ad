"""Tests of `ptmbench.records.writing`."""

import os

import pytest

from ptmbench.errors import StoreError
from ptmbench.records.writing import write_atomically


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
