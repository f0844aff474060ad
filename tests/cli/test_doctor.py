"""Tests of `ptmbench.cli.doctor`: what it says of the cache, and how it empties it."""

import os

import pytest

from ptmbench.cli import main


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache of two entries of a MiB each, beside a file of somebody else's."""
    monkeypatch.setenv("PTMBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PTMBENCH_CACHE_LIMIT", "0.5")
    (tmp_path / "cache").mkdir()
    for digit in "01":
        (tmp_path / "cache" / f"features-{digit * 64}.safetensors").write_bytes(b"x" * 2**20)
    (tmp_path / "cache" / "notes.txt").touch()
    return tmp_path / "cache"


def row(capsys):
    """What doctor says of the cache."""
    main(["doctor"])
    return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("feature cache"))


def test_it_says_what_is_kept(cache, capsys):
    """Place, number, size and limit stand in one row."""
    assert f"{cache}: 2 entries, 2.0 MiB of at most 0.5 GiB" in row(capsys)


def test_it_says_that_nothing_is_kept(monkeypatch, capsys):
    """A cache that is off, or whose limit is no number, is told and ends nothing."""
    assert row(capsys).endswith("off (PTMBENCH_CACHE)")
    monkeypatch.delenv("PTMBENCH_CACHE")
    monkeypatch.setenv("PTMBENCH_CACHE_LIMIT", "much")
    assert "expected PTMBENCH_CACHE_LIMIT" in row(capsys)


def test_a_cache_that_is_not_there_yet_is_told(monkeypatch, tmp_path, capsys):
    """Before the first run there are no entries, and looking makes no folder."""
    monkeypatch.setenv("PTMBENCH_CACHE", str(tmp_path / "new"))

    assert f"{tmp_path / 'new'}: 0 entries, 0.0 MiB of at most 10.0 GiB" in row(capsys)
    assert [] == os.listdir(tmp_path)  # noqa: PTH208  names are enough


def test_clearing_leaves_what_is_not_ours(cache, capsys):
    """Entries are deleted and counted, and a foreign file stays."""
    assert 0 == main(["doctor", "--clear-cache"])

    assert f"2 entries deleted from {cache}, 2.0 MiB" in capsys.readouterr().out
    assert ["notes.txt"] == os.listdir(cache)  # noqa: PTH208  likewise


def test_clearing_what_is_off_is_refused(capsys):
    """Whoever turned the cache off is asked which folder is meant."""
    assert 2 == main(["doctor", "--clear-cache"])
    assert "PTMBENCH_CACHE says that there is no cache" in capsys.readouterr().err
