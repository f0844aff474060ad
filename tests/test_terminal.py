"""Tests of what is asked of a terminal."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.terminal import log_text, painter, printable, shortened, shows_colour, window_width, without_echo


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        """Yes."""
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Nothing of the machine's own settings."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)


def test_colour_only_on_a_terminal():
    """A terminal shows colour, a file and a pipe do not."""
    assert [True, False] == [shows_colour(Screen()), shows_colour(io.StringIO())]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"NO_COLOR": "1"}, [False, False]),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [False, False]),
        ({"NO_COLOR": ""}, [True, False]),
        ({"FORCE_COLOR": "1"}, [True, True]),
        ({"TERM": "dumb"}, [False, False]),
    ],
)
def test_the_environment_decides(monkeypatch, settings, expected):
    """NO_COLOR takes colour away wherever it is set to something, FORCE_COLOR gives it to files too."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    assert expected == [shows_colour(Screen()), shows_colour(io.StringIO())]


def test_without_a_window_there_are_80_columns(monkeypatch):
    """COLUMNS tells the width; without it, and without a terminal, it is 80."""
    monkeypatch.setattr("os.get_terminal_size", lambda _: (_ for _ in ()).throw(OSError))

    assert 80 == window_width()
    monkeypatch.setenv("COLUMNS", "132")
    assert 132 == window_width()


def test_paint_is_left_out_where_it_is_not_wanted():
    """With colour a text is framed by escapes, without it stands as it is."""
    assert "\x1b[32mhelps\x1b[0m" == painter(colour=True)("helps", "helps")
    assert "helps" == painter(colour=False)("helps", "helps")


@given(st.text())
def test_nothing_printed_steers_the_terminal(text):
    """No control letter is left, and a text without any stays as it is."""
    safe = printable(text)

    assert not [letter for letter in safe if ord(letter) < 32 or 127 <= ord(letter) < 160]
    assert safe == printable(safe)
    assert "\x1b" not in printable("\x1b[2Jboo")


@given(
    st.lists(st.sampled_from(["::error::x", "##[add-mask]x", "##vso[task]", "\x1b[2J", "\n", " ", "a", "\x85"])).map(
        "".join
    )
)
def test_a_message_is_obeyed_by_no_log(text):
    """No line of a message is a command to GitHub, Azure or TeamCity, or steers a terminal; said twice it stays so."""
    lines = log_text(text).split("\n")

    assert not [line for line in lines if not line.isprintable() or line.lstrip().startswith("::")]
    assert not [line for line in lines if "##[" in line or "##vso[" in line]
    assert "\n".join(lines) == log_text("\n".join(lines))


def test_a_long_line_of_a_reason_is_cut():
    """Of a line of more than 500 letters the rest is counted, and the lines after it stand."""
    assert f"{'x' * 500}... (1,500 more letters)\nnext" == shortened(f"{'x' * 2000}\nnext")
    assert "x" * 500 == shortened("x" * 500)


def test_what_was_typed_is_not_repeated_at_length():
    """A long argument, a long value of an option and any word without an end are cut; a short one stands."""
    phrase = "two words " * 100
    said = without_echo(f"no {phrase!r}, {phrase}, {'y' * 600} and short", [f"--x={phrase}", "short"])

    assert 2 == said.count(f"{phrase[:40]}... (1,000 letters)")
    assert f"{'y' * 40}... (600 letters) and short" in said
    assert len(said) < 300
