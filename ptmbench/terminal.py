"""What is on the other end of a stream: how wide it is, and whether it shows colour."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from typing import TextIO

Paint = Callable[[str, str], str]  # a text and what it is: "best", "helps", "hurts", "bad", "heading", "quiet"
USUAL_WIDTH = 80
LONGEST = 500
ENDLESS = re.compile(rf"\S{{{LONGEST + 1},}}")
ECHOED = 40  # letters that remain of a text too long to be repeated
# What the log of a CI job obeys: `##[` (GitHub), `##vso[` (Azure) and `##teamcity[` anywhere, and where a line begins,
# blanks before it or not, `::` (GitHub).
ANYWHERE = re.compile(r"##(?=\w*\[)")
BEGINS = re.compile(r"^(\s*):(?=:)")
STYLES = {"best": "1", "helps": "32", "hurts": "31", "bad": "31", "heading": "1", "quiet": "2"}


def window_width() -> int:
    """Columns of the window: COLUMNS where it is set, else what the terminal says, else 80."""
    return shutil.get_terminal_size((USUAL_WIDTH, 24)).columns


def shows_colour(stream: TextIO) -> bool:
    """Whether to write colour there: only to a terminal, and never with NO_COLOR (https://no-color.org).

    FORCE_COLOR asks for it on anything else, such as the log of a CI job that shows colour.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def painter(*, colour: bool) -> Paint:
    """What writes a text in its style, or as it is."""
    return _painted if colour else _plain


def _plain(text: str, style: str) -> str:
    return text


def _painted(text: str, style: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text without what steers a terminal: a record may hold anything.

    Line breaks and tabs become spaces; escapes, other control letters and marks that turn the writing become \ufffd.
    """
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)


def log_words(text: str) -> str:
    """The text on one line, without what steers a terminal and without what the log of a CI job obeys anywhere."""
    return ANYWHERE.sub("# #", printable(text))


def log_line(text: str) -> str:
    """The text on one line of its own, that the log of a CI job does not obey for its begin either."""
    return BEGINS.sub(r"\1: ", log_words(text))


def log_text(text: str) -> str:
    """A message line by line, none of which steers a terminal or a CI job."""
    return "\n".join(map(log_line, text.split("\n")))


def shortened(text: str) -> str:
    """A reason with lines of no more than 500 letters: an exception may hold a whole array."""
    return "\n".join(map(_cut, text.split("\n")))


def _cut(line: str) -> str:
    more = len(line) - LONGEST
    return f"{line[:LONGEST]}... ({more:,} more letters)" if more > 0 else line


def without_echo(message: str, typed: Iterable[str]) -> str:
    """A message that repeats no word and no argument of more than 500 letters, but its beginning and its length."""
    for argument in typed:
        for text in (argument, argument.partition("=")[2]):
            if len(text) > LONGEST:
                for form in (repr(text)[1:-1], text):
                    message = message.replace(form, _echo(text))
    return ENDLESS.sub(lambda found: _echo(found.group()), message)


def _echo(text: str) -> str:
    return f"{text[:ECHOED]}... ({len(text):,} letters)"
