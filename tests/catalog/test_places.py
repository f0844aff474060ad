"""Tests of `ptmbench.catalog.places`: where features are kept."""

from pathlib import Path

import pytest

from ptmbench.catalog.places import feature_cache
from ptmbench.errors import UsageError


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    """An environment that says nothing."""
    for name in ("PTMBENCH_CACHE", "PTMBENCH_CACHE_LIMIT"):
        monkeypatch.delenv(name, raising=False)


def test_features_lie_beside_other_caches(monkeypatch, tmp_path):
    """Without a word the cache is in the user's folder of caches, of 10 GiB at most."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    cache = feature_cache()

    assert (tmp_path / "ptmbench" / "cache", 10 * 2**30) == (cache.path, cache.limit)


@pytest.mark.parametrize("word", ["", "0", "off", "OFF", " off "])
def test_a_word_turns_it_off(monkeypatch, word):
    """An empty text, 0 and off keep nothing, and a limit is not asked for."""
    monkeypatch.setenv("PTMBENCH_CACHE", word)
    monkeypatch.setenv("PTMBENCH_CACHE_LIMIT", "much")

    assert feature_cache() is None


@pytest.mark.parametrize(("given", "folder"), [("off/", "off"), ("./off", "off"), ("some/where", "some/where")])
def test_a_relative_folder_is_one_below_here(monkeypatch, tmp_path, given, folder):
    """A relative path means the folder that the run began in, wherever it goes later."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PTMBENCH_CACHE", given)

    assert tmp_path / folder == feature_cache().path


def test_home_is_known(monkeypatch):
    """A tilde is the user's home."""
    monkeypatch.setenv("PTMBENCH_CACHE", "~/features")

    assert Path.home() / "features" == feature_cache().path


@pytest.mark.parametrize(("given", "limit"), [("2.5", int(2.5 * 2**30)), ("1e3", 1000 * 2**30), ("", 10 * 2**30)])
def test_the_limit_is_in_gibibytes(monkeypatch, given, limit):
    """Fractions may be given."""
    monkeypatch.setenv("PTMBENCH_CACHE_LIMIT", given)

    assert limit == feature_cache().limit


@pytest.mark.parametrize("given", ["much", "10GiB", "0", "-1", "nan", "inf", "1e400", "5" * 5000])
def test_a_limit_that_is_none_is_told(monkeypatch, given):
    """What is no number of GiB is refused with an example, and told short."""
    monkeypatch.setenv("PTMBENCH_CACHE_LIMIT", given)

    with pytest.raises(UsageError, match=r"PTMBENCH_CACHE_LIMIT as a number of GiB above 0, for example 2\.5") as told:
        feature_cache()

    assert len(str(told.value)) < 250
