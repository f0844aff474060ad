"""Tests that README.zh-CN.md says what README.md says: section by section, the same code, links, tables and numbers."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^ *```\w*\n.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^(#+) .*$", re.MULTILINE)
SWITCH = re.compile(
    r"^.*\[(?:简体中文|English)\]\(README[.\w-]*\).*$", re.MULTILINE
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


LEVELS, ENGLISH, FENCES = sections("README.md")
THEIR_LEVELS, CHINESE, THEIR_FENCES = sections("README.zh-CN.md")
TITLES = re.findall(r"^#+ (.*)$", FENCED.sub("", (ROOT / "README.md").read_text()), re.MULTILINE)


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


def test_both_have_the_same_sections():
    """A section that is added to README.md is added to README.zh-CN.md at the same place."""
    assert LEVELS == THEIR_LEVELS, "README.md and README.zh-CN.md: expected the same headings in the same order"


def test_code_is_the_same():
    """Every block of code stands in both to the byte, so that what is typed is the same in any language."""
    for mine, theirs in zip(FENCES, THEIR_FENCES, strict=True):
        assert mine == theirs, "copy the changed block of code from README.md into README.zh-CN.md as it stands"


@pytest.mark.parametrize("what", [numbers, codes, links, rows, first_codes], ids=lambda what: what.__name__)
@pytest.mark.parametrize("place", range(len(ENGLISH)), ids=TITLES)
def test_nothing_goes_stale(place, what):
    """Section by section both hold the same numbers, names, links and tables."""
    mine, theirs = what(ENGLISH[place]), what(CHINESE[place])
    lacking, more = dict(mine - theirs), dict(theirs - mine)

    assert ({}, {}) == (lacking, more), (
        f"README.zh-CN.md, {TITLES[place]!r}, {what.__name__}: it lacks {lacking} and has {more} too many. "
        "Carry the change of README.md over (numbers as digits where README.md has digits)"
    )


def test_each_leads_to_the_other():
    """The first lines of each README link the other."""
    for mine, other in (("README.md", "README.zh-CN.md"), ("README.zh-CN.md", "README.md")):
        assert f"]({other})" in "\n".join((ROOT / mine).read_text().splitlines()[:4])
