"""Which runs write into a results folder: each leaves a mark there, and runs of other settings stay out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ptmbench.errors import StoreError
from ptmbench.records.marks import Mark, mark_of_this_process, read_mark
from ptmbench.records.writing import write_atomically

try:
    import fcntl
except ImportError:  # a system without file locks, such as Windows
    fcntl = None  # type: ignore[assignment]

RUNS = "_runs"
OTHERS = (
    "{folder} is being written by another run with other settings ({mark}): wait for its end, or give another folder "
    "with --results (pytest: --ptm-results)"
)
ALIKE = (
    "{folder} is being written by another run of the same settings ({mark}): wait for its end, share the cases with it "
    "by --resume (pytest: --ptm-resume), or give another folder with --results (pytest: --ptm-results)"
)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time is inside for a folder, as far as its file system keeps locks."""
    descriptor = None
    try:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def join(folder: Path, settings: str, cases: list[Mark], *, resume: bool) -> Path:
    """Marks this process as a run that writes into the folder, and returns the mark's file for `leave`.

    Args:
        folder: A results folder.
        settings: What tells runs of other settings apart.
        cases: The marks of the cases that are being run into it now.
        resume: Whether this run takes over what another has finished.

    Raises:
        StoreError: If a run of other settings is at work there, or one of the same and this is no resume.
    """
    own = mark_of_this_process(settings)
    busy = {(mark.host, mark.pid) for mark in cases}
    for path in sorted((folder / RUNS).glob("*.json")):
        mark = read_mark(path)
        if mark is not None and mark.is_ours:
            continue
        if mark is None or not (mark.lives() or (mark.host, mark.pid) in busy):
            with suppress(OSError):
                path.unlink(missing_ok=True)
        elif mark.digest != settings:
            raise StoreError(OTHERS.format(folder=folder, mark=mark))
        elif not resume:
            raise StoreError(ALIKE.format(folder=folder, mark=mark))
    file = folder / RUNS / f"{own.pid}.{settings[:8]}.json"
    write_atomically(file, own.content())
    return file


def leave(file: Path) -> None:
    """Takes the mark of a run away, and the folder of marks with the last one."""
    with suppress(OSError):
        file.unlink(missing_ok=True)
        file.parent.rmdir()
