"""Standard output and error, whatever the other end is: closed, full, or of an encoding that lacks letters."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ptmbench.errors import UsageError


def prepared() -> None:
    """Makes both streams take whatever is printed: one that is closed takes it to nowhere, letters are escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for as long as the process lives
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence() -> None:
    """Sends what is still to be printed nowhere: Python would complain of the stream once more at its exit."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def check_utf8(arguments: Sequence[str]) -> None:
    """Raises `UsageError` for arguments whose bytes are no UTF-8, or NUL: they could stand in no record or path."""
    faults = [
        f"argument {number} is not UTF-8: {os.fsencode(argument)!r}"
        for number, argument in enumerate(arguments, start=1)
        if not _encodes(argument)
    ]
    if faults:
        raise UsageError(f"{'; '.join(faults)}; rename the file, or type the name in UTF-8")


def _encodes(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
