"""How files are read that somebody else may have made: regular files only, and JSON and TOML that fail in one way."""

import errno
import io
import json
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

TOO_DEEP = "its brackets are nested too deep"
NO_FILE = "it is no regular file"  # a pipe, a socket or a device: reading it might never end
WAITS_NOT = getattr(os, "O_NONBLOCK", 0)  # opening a pipe that nobody writes to would wait; Windows knows no such pipe


def opened(file: Path) -> io.BufferedReader:
    """A regular file, open for reading bytes.

    Args:
        file: Its path; links are followed.

    Returns:
        The stream, which the caller closes.

    Raises:
        OSError: It cannot be opened, or is a folder, a pipe, a socket or a device.
    """
    return open(file, "rb", opener=_regular)


def content_of(file: Path) -> bytes:
    """The bytes of a regular file; raises what `opened` does."""
    with opened(file) as stream:
        return stream.read()


def text_of(file: Path, encoding: str = "utf-8") -> str:
    r"""The text of a regular file, its line ends as \n; raises what `opened` does, and `ValueError` for other bytes."""
    with io.TextIOWrapper(opened(file), encoding) as stream:
        return stream.read()


def json_of(content: str | bytes) -> Any:
    """What JSON holds; raises `ValueError` for what is none, for a number of thousands of digits and deep nesting."""
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def toml_of(text: str) -> dict[str, Any]:
    """What TOML holds; raises `ValueError` as `json_of` does."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def is_there(file: Path) -> bool:
    """Whether a path leads to something; no name is too long or too odd for it, as some are for `Path.exists`."""
    return os.path.exists(file)  # noqa: PTH110  see above


def is_odd(file: Path) -> bool:
    """Whether a path leads to what `opened` refuses and is no folder either: a pipe, a socket or a device."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _regular(file: str, flags: int) -> int:
    """Opens a file and looks at what was opened: between a look at the path and opening it, it could be another."""
    descriptor = os.open(file, flags | WAITS_NOT)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), file)
    raise OSError(errno.EINVAL, NO_FILE, file)
