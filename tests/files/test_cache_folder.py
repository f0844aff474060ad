"""Tests of `ptmbench.files.cache_folder`: what is counted, what goes first, and what is never touched."""

import os
import shutil
import time
from collections import namedtuple

import pytest

from ptmbench.files import cache_folder
from ptmbench.files.cache_folder import CacheFolder, touch

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024  as shutil gives it
NAMES = [f"{digit}" * 64 for digit in "0123"]


@pytest.fixture
def cache(tmp_path):
    """Four entries of ten bytes, the first one used longest ago, with room for forty."""
    found = CacheFolder(tmp_path / "cache", 40)
    found.path.mkdir()
    for age, name in enumerate(reversed(NAMES)):
        found.file(name).write_bytes(b"x" * 10)
        os.utime(found.file(name), (1e9 - age, 1e9 - age))
    return found


def names(cache):
    """The digests of its entries, by use."""
    return [entry.path.name.removeprefix("features-").removesuffix(".safetensors") for entry in cache.entries()]


def test_entries_are_told_by_their_last_use(cache):
    """The least recently used comes first, and use moves an entry to the end."""
    assert NAMES == names(cache)
    touch(cache.file(NAMES[0]))

    assert [*NAMES[1:], NAMES[0]] == names(cache)
    assert {10} == {entry.size for entry in cache.entries()}


def test_the_least_recently_used_makes_room(cache):
    """As many entries go as the new one needs, and no more."""
    assert cache.make_room(10)
    assert NAMES[1:] == names(cache)


def test_an_entry_that_would_drive_out_too_many_is_not_taken(cache):
    """What takes more than a quarter of the limit finds no room, and nothing is deleted for it."""
    assert not cache.make_room(11)
    assert NAMES == names(cache)


def test_a_full_disk_makes_the_limit_smaller(cache, monkeypatch):
    """Entries take a tenth at most of what they and free space come to."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1000, 800, 160))

    assert 20 == cache.room(40)
    assert cache.make_room(5)
    assert NAMES[3:] == names(cache)


def test_entries_that_another_process_deletes_are_no_fault(cache, monkeypatch):
    """Two processes may make room at once."""
    seen = cache.entries()
    shutil.rmtree(cache.path)
    monkeypatch.setattr(CacheFolder, "entries", lambda _self: seen)

    assert cache.make_room(10)


def test_what_a_killed_writer_left_goes_after_an_hour(cache):
    """A file that nobody finishes is deleted, one that may still be written is not."""
    left, new = (cache.path / f".features-{NAMES[0]}.safetensors.{pid}.0123abcd.tmp" for pid in (1, 2))
    left.touch()
    new.touch()
    hour = time.time() - cache_folder.ABANDONED_S - 60
    os.utime(left, (hour, hour))
    cache.make_room(1)

    assert (False, True) == (left.exists(), new.exists())


def test_clearing_deletes_our_files_and_no_others(cache, tmp_path):
    """Entries go; foreign files, folders, links and what they lead to stay."""
    other = tmp_path / "other.safetensors"
    other.write_text("somebody else's")
    foreign = [cache.path / "weights.safetensors", cache.path / f"features-{'g' * 64}.safetensors"]
    for file in foreign:
        file.touch()
    link, folder = cache.file("a" * 64), cache.file("b" * 64)
    link.symlink_to(other)
    folder.mkdir()
    begun = cache.path / f".features-{NAMES[0]}.safetensors.7.0123abcd.tmp"
    begun.touch()

    assert 5 == len(cache.clear())
    assert {*foreign, link, folder} == set(cache.path.iterdir())
    assert "somebody else's" == other.read_text()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    """Looking at a cache and clearing it make no folder; making room does, for its owner alone."""
    cache = CacheFolder(tmp_path / "a" / "b", 100)

    assert ([], []) == (cache.entries(), cache.clear())
    assert not cache.path.exists()
    assert cache.make_room(1)
    assert 0o700 == cache.path.stat().st_mode & 0o777


def test_use_of_a_file_that_is_gone_is_not_noted(tmp_path):
    """A file may vanish between reading and noting it."""
    touch(tmp_path / "gone")

    assert [] == list(tmp_path.iterdir())
