"""The one place that all output passes: what is said to people, and documents that programs read.

Names, paths, reasons and errors are other people's words, and end on terminals and in the logs of CI jobs. `say` and
`warn` write them so that neither obeys them; `hand_over` writes a document, whose own format has escaped them. Nothing
else in the package prints, and a test of the house holds that.
"""

import contextlib
import re
import sys

from ptmbench.terminal import BEGINS, log_text, log_words, printable

OURS = re.compile("(\x1b\\[[0-9;]*m)")  # what `painter` frames a text in; it moves no cursor and sets no title


def for_people(text: str, *, styled: bool = False) -> str:
    """The text, none of whose lines steers a terminal or a CI job.

    Args:
        text: Lines of text, with anything in them.
        styled: Whether styles in it are our own and stay: whoever paints has made names printable before.

    Returns:
        The same lines; as they are where they are harmless.
    """
    return "\n".join(map(_kept_styled, text.split("\n"))) if styled else log_text(text)


def _kept_styled(line: str) -> str:
    parts = OURS.split(line)  # at odd places the styles
    return BEGINS.sub(r"\1: ", "".join(part if at % 2 else log_words(part) for at, part in enumerate(parts)))


def say(text: str = "", *, styled: bool = False) -> None:
    """Writes lines for people to standard output, at once: a run that is followed is no silence."""
    print(for_people(text, styled=styled), flush=True)


def warn(text: str) -> None:
    """Writes a message to standard error; the exit code says what one that is full or closed cannot."""
    with contextlib.suppress(OSError):
        print(for_people(text), file=sys.stderr, flush=True)


def hand_over(document: str) -> None:
    """Writes a document to standard output as it is; on a terminal, which would obey them, without control letters."""
    lines = document.rstrip("\n").split("\n")
    print("\n".join(map(printable, lines) if sys.stdout.isatty() else lines))
