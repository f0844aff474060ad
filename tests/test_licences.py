"""Tests of the page that lists the licences of what ptmbench is built on."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGE = (ROOT / "docs" / "licences.md").read_text()
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {name: (needed, purpose, licence) for name, needed, purpose, licence in ROW.findall(PAGE)}
UNSAID = "; its metadata says none"
LONGEST = 130  # letters of a licence's name; what is longer is its text


def names_of(requirements):
    """The names of requirements, without versions, extras and groups that are included."""
    found = [re.match(r"[A-Za-z0-9_.-]+", text)[0].lower() for text in requirements if isinstance(text, str)]
    return {name for name in found if name != "ptmbench"}


def needed_by():
    """Where each dependency of pyproject.toml is needed: always, by extras, by groups of developers."""
    found = {name: ["always"] for name in sorted(names_of(PROJECT["project"]["dependencies"]))}
    for extra, requirements in PROJECT["project"]["optional-dependencies"].items():
        for name in sorted(names_of(requirements)):
            found[name] = [*found.get(name, []), f"extra `{extra}`"]
    for group, requirements in PROJECT["dependency-groups"].items():
        for name in sorted(names_of(requirements)):
            if name not in found or found[name][0].startswith("group"):
                found[name] = [*found.get(name, []), f"group `{group}`"]
    return {name: ", ".join(places) for name, places in found.items()}


def said(name):
    """The licence that installed metadata names: the expression, a short field, else the classifiers; None for none."""
    metadata = importlib.metadata.metadata(name)
    for field in ("License-Expression", "License"):
        text = ((metadata.get_all(field) or [""])[0] or "").strip()
        if text and len(text) <= LONGEST and "\n" not in text:
            return text
    classifiers = [
        line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or () if line.startswith("License")
    ]
    return ", ".join(classifiers) or None


def installed(name):
    """Whether a package is installed."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def test_every_dependency_has_a_row():
    """The page lists what pyproject.toml asks for, where it is needed, and nothing else."""
    assert needed_by() == {name: needed for name, (needed, _, _) in ROWS.items()}


@pytest.mark.parametrize("name", [name for name in ROWS if installed(name)])
def test_the_licence_is_the_one_that_the_package_names(name):
    """What the page says of an installed package is what its metadata says; where that is silent, the page says so."""
    licence = ROWS[name][2]

    assert licence.endswith(UNSAID) == (said(name) is None)
    assert said(name) in {None, licence}


def test_the_packages_that_ptmbench_needs_are_looked_at():
    """The tests above have looked at the metadata of all that is needed always."""
    assert [] == [name for name, (needed, _, _) in ROWS.items() if needed == "always" and not installed(name)]
