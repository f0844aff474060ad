"""Files written whole or not at all, and what a killed process began and left behind.

What is being written stands beside its file, under a name that tells its owner: the next run clears it away once the
owner is dead.
"""

import hashlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ptmbench.errors import StoreError
from ptmbench.reading import is_odd
from ptmbench.records.marks import Mark, process_start

ABANDONED_S = 3600.0  # no file takes so long to write: one of another host, or unsigned, was left behind
# .HOST.PID.START.RANDOM.tmp: START in clock ticks since boot, empty where the system does not say
_SIGNED = re.compile(r"\.(?P<host>[0-9a-f]{8})\.(?P<pid>\d{1,10})\.(?P<start>\d{0,20})\.[0-9a-f]{8}\.tmp")
_UNSIGNED = re.compile(r"\.[a-z0-9_]{8}\.tmp")  # as earlier versions named them


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file whole or not at all, in a folder that is made where there is none; raises `StoreError`.

    A device or a pipe (`-o /dev/stdout`) is written to: root could replace `/dev/null` by a file, and the machine would
    miss it.
    """
    with told(path):
        if is_odd(path):
            _write_into(path, content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, content)


def _write_into(place: Path, content: bytes) -> None:
    """Writes to what is there; a pipe that nobody reads is an error, and no wait."""
    descriptor = os.open(place, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns what the system says while a file is written into a `StoreError` that names it."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}): give a folder that you may write to with --results "
            "(pytest: --ptm-results)"
        ) from None


def replace_whole(path: Path, content: bytes) -> None:
    """Writes beside the file and moves it there; what was begun goes if anything, Ctrl-C too, comes between."""
    written = path.with_name(_signed_name())
    try:
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        written.replace(path)
    except BaseException:
        with suppress(OSError):
            written.unlink(missing_ok=True)
        raise


def _host() -> str:
    """This host in a file's name: not by its own name, which nobody should find in a published folder."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _signed_name() -> str:
    pid = os.getpid()
    start = process_start(pid)
    return f".{_host()}.{pid}.{'' if start is None else start}.{secrets.token_hex(4)}.tmp"


def clear_abandoned(folder: Path) -> None:
    """Deletes what dead processes began to write in a folder and did not finish."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.suffix == ".tmp" and _is_abandoned(path):
                path.unlink(missing_ok=True)


def _is_abandoned(path: Path) -> bool:
    """Whether nobody is left who could finish the file."""
    signed = _SIGNED.fullmatch(path.name)
    if signed and signed["host"] == _host():
        start = int(signed["start"]) if signed["start"] else None
        return not Mark("", int(signed["pid"]), process_start=start).lives()
    if not signed and not _UNSIGNED.fullmatch(path.name):
        return False  # none of ours
    return time.time() - path.stat().st_mtime > ABANDONED_S
