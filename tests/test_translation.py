"""Tests that translations say what README and handbook say: section by section, the same code, links and numbers."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^ *```\w*\n.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) .*$", re.MULTILINE)
SWITCH = re.compile(
    r"^.*\[(?:简体中文|English)\]\((?:README|handbook)[.\w-]*\).*$", re.MULTILINE
)  # what leads to the other language
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\]\(([^)]+)\)")
NUMBER = re.compile(r"(?<![A-Za-z\d.])\d[\d,]*(?:\.\d+)?(?:e-\d+)?(?!\d)")


def sections(name):
    """The parts of a README between its headings, each with its heading's level."""
    text = SWITCH.sub("", (ROOT / name).read_text())
    fences = FENCED.findall(text)
    headings = list(HEADING.finditer(FENCED.sub(lambda block: "x" * len(block.group()), text)))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    levels = [len(heading[1]) for heading in headings]
    return levels, [text[heading.end() : end] for heading, end in zip(headings, ends, strict=True)], fences


PAGES = {name: name.replace(".md", ".zh-CN.md") for name in ("README.md", "docs/handbook.md")}
READ = {name: sections(name) for pair in PAGES.items() for name in pair}
TITLES = [
    (name, place, title)
    for name in PAGES
    for place, title in enumerate(re.findall(r"^#+ (.*)$", FENCED.sub("", (ROOT / name).read_text()), re.MULTILINE))
]


def prose(section):
    """A section without its blocks of code."""
    return FENCED.sub("", section)


def codes(section):
    """The code within the lines, each piece with how often it stands there."""
    return Counter(" ".join(piece.split()) for piece in CODE.findall(prose(section)))  # some go over a line's end


def links(section):
    """Where the links and pictures lead."""
    return Counter(LINK.findall(prose(section)))


def numbers(section):
    """The numbers outside of code and of where links lead."""
    return Counter(number.rstrip(",") for number in NUMBER.findall(LINK.sub("]", CODE.sub("", prose(section)))))


def rows(section):
    """How many rows the tables have."""
    return Counter({"rows": sum(line.lstrip().startswith("|") for line in prose(section).splitlines())})


def first_codes(section):
    """The code in the first column of the tables, row by row."""
    lines = [line for line in prose(section).splitlines() if line.lstrip().startswith("|")]
    return Counter(str(CODE.findall(line.split("|")[1])) for line in lines)


@pytest.mark.parametrize("name", PAGES)
def test_both_have_the_same_sections(name):
    """A section that is added to a page is added to its translation at the same place."""
    assert READ[name][0] == READ[PAGES[name]][0], f"{PAGES[name]}: expected the headings of {name}, in the same order"


@pytest.mark.parametrize("name", PAGES)
def test_code_is_the_same(name):
    """Every block of code stands in both to the byte, so that what is typed is the same in any language."""
    for mine, theirs in zip(READ[name][2], READ[PAGES[name]][2], strict=True):
        assert mine == theirs, f"copy the changed block of code from {name} into {PAGES[name]} as it stands"


@pytest.mark.parametrize("what", [numbers, codes, links, rows, first_codes], ids=lambda what: what.__name__)
@pytest.mark.parametrize(("name", "place", "title"), TITLES, ids=str)
def test_nothing_goes_stale(name, place, title, what):
    """Section by section both hold the same numbers, names, links and tables."""
    mine, theirs = what(READ[name][1][place]), what(READ[PAGES[name]][1][place])
    lacking, more = dict(mine - theirs), dict(theirs - mine)

    assert ({}, {}) == (lacking, more), (
        f"{PAGES[name]}, {title!r}, {what.__name__}: it lacks {lacking} and has {more} too many. Make the change of "
        f"{name} there too (numbers as digits where {name} has digits)"
    )


@pytest.mark.parametrize("name", PAGES)
def test_each_leads_to_the_other(name):
    """The first lines of each page link the other."""
    for mine, other in ((name, PAGES[name]), (PAGES[name], name)):
        assert f"]({Path(other).name})" in "\n".join((ROOT / mine).read_text().splitlines()[:4])
