"""Tests of a gate's findings as text, Markdown, annotations and XML: what records hold is shown, never obeyed."""

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ptmbench.gate.findings import Comparison, Finding
from ptmbench.gate.judging import Judgement
from ptmbench.gate.rules import Rules
from ptmbench.gate.sides import Side
from ptmbench.report.gating import RENDERERS

PARTS = ("\x1b[2J", "\n", "\r", "::error::", " ::", "|", "<img src=x>", "&", "\x00", "##[add-mask]x", "%0A", ":", ",",
         "a", "\u202e", "\uffff", "\ud800", "\u2028", "\x85", "`", "@octocat", "[x](y)")  # fmt: skip
hostile = st.lists(st.sampled_from(PARTS), max_size=6).map("".join) | st.text(max_size=20)


def judgement(text, verdict="worse"):
    """A gate in which every text that comes from elsewhere is this one."""
    told = Comparison(text, text, "points", 0.9, 0.8, -0.1, 0.005)
    findings = (
        Finding(text, text, verdict, told, note=text),
        Finding(text, text, "inconclusive", None, None, 0.1, text),
    )
    baseline, current = (Side(Path(f"{text}{end}"), SimpleNamespace(name=text), 1, {}) for end in "bc")
    return Judgement(baseline, current, Rules(must_find=0.01), findings, (text,), {text: 0.5, f"{text}2": 0.02})


@given(hostile, st.sampled_from(["text", "markdown", "junit", "json"]))
@example("::error::x", "text")
@example("x\n::error::reason\x1b[2J", "markdown")
def test_no_text_steers_a_terminal_or_a_ci_job(text, form):
    """No control letter is left but line breaks, and no line is a command of a log, blanks before it or not."""
    written = RENDERERS[form](judgement(text)).replace("@\u200b", "@")

    assert not [letter for letter in written if not letter.isprintable() and letter != "\n"]
    assert not [line for line in written.split("\n") if line.lstrip().startswith("::")]
    assert form == "json" or "##[" not in written


@given(hostile)
@example("a\x00b\x1b\ufffe")
def test_junit_is_well_formed(text):
    """Any text gives XML that a parser reads, with as many cases as were told."""
    suite = ET.fromstring(RENDERERS["junit"](judgement(text)))  # noqa: S314  our own XML

    assert int(suite.get("tests")) == len(suite.findall("testcase")) == 4


@given(hostile)
def test_an_annotation_is_one_command(text):
    """Each finding is one line, in whose title no colon, comma or line break ends the title."""
    commands = RENDERERS["github"](judgement(text)).split("\n")[:-2]

    assert 3 == len(commands)
    for command in commands:
        assert command.isprintable()
        assert {":", ","}.isdisjoint(command.removeprefix("::error title=").partition("::")[0])


def test_a_message_keeps_its_colons():
    """GitHub takes nothing back in a message but %25, %0D and %0A, so colons and commas stand there as they are."""
    line = RENDERERS["github"](judgement("a: 5 %, b")).split("\n")[0]

    assert "::error title=worse%3A a%3A 5 %25%2C b::a: 5 %25, b, 90.00 %25, 80.00 %25, -10.00, 0.5, a: 5 %25, b" == line


@given(hostile)
def test_a_table_of_markdown_keeps_its_columns(text):
    """No text begins a cell, a heading or an element of its own."""
    lines = RENDERERS["markdown"](judgement(text)).split("\n")
    rows = [line for line in lines if line.startswith("|")]

    assert {9} == {line.replace("\\\\", "").replace("\\|", "").count("|") for line in rows}
    assert not [line for line in lines if "<" in line.replace("\\\\", "").replace("\\<", "")]


@pytest.mark.parametrize(("text", "shown"), [("ask @octocat", "ask @\u200boctocat"), ("hf:a@v1", "hf:a@v1")])
def test_a_comment_calls_nobody(text, shown):
    """A name behind an @ gets no message; the revision of a model is left as it is."""
    assert shown in RENDERERS["markdown"](judgement(text))
