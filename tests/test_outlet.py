"""Tests of the one place that all output passes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.outlet import for_people, hand_over, say, warn
from ptmbench.terminal import STYLES, log_text, painter

HOSTILE = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\n::error::x",
    "##[command]x",
    "\u202e",
    "\udc80",
    "\x1b[31m",
    "a",
    "::",
    " ",
]
texts = st.lists(st.sampled_from(HOSTILE)).map("".join)


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        """Yes."""
        return True


@given(texts)
def test_what_is_said_is_obeyed_by_nothing(text):
    """Of a text without styles no line steers a terminal or a CI job, and said twice it stays."""
    lines = for_people(text).split("\n")

    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line]
    assert "\n".join(lines) == for_people("\n".join(lines))


@pytest.mark.parametrize("style", STYLES)
def test_our_own_styles_stay(style):
    """A painted table is written as it is, every style that there is."""
    painted = f"  {painter(colour=True)('12.3 *', style)}  next\n\n"

    assert painted == for_people(painted, styled=True)


@given(texts)
def test_styles_let_nothing_else_through(text):
    """A styled text without its styles is as harmless as any other; none of its lines is a command."""
    kept = for_people(text, styled=True)

    assert not [line for line in kept.split("\n") if line.startswith("::") or "##[" in line]
    assert "\x1b[2J" not in kept
    assert "\x1b]" not in kept


def test_people_and_programs_are_told_apart(capsys):
    """`say` and `warn` take the commands out of a text, each on its stream; `hand_over` leaves a document as it is."""
    for way in (say, warn, hand_over):
        way("::error::x\x1b[2J\n\u202e")

    said = capsys.readouterr()
    assert f"{log_text('::error::x')}\ufffd[2J\n\ufffd\n::error::x\x1b[2J\n\u202e\n" == said.out
    assert ": :error::x\ufffd[2J\n\ufffd\n" == said.err


def test_a_document_on_a_terminal_steers_nothing(monkeypatch):
    """What goes to a pipe as it is loses its control letters on a terminal; its lines stay lines."""
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    hand_over("name,value\n\x1b[2J,1\n")

    assert "name,value\n\ufffd[2J,1\n" == screen.getvalue()


def test_a_message_that_cannot_be_written_ends_nothing(monkeypatch):
    """A standard error that is full takes no exit code away."""

    class Full(io.StringIO):
        def write(self, _text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())

    assert warn("x") is None
