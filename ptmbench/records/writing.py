"""Files written whole or not at all."""

import os
import tempfile
from pathlib import Path

from ptmbench.errors import StoreError


def write_atomically(path: Path, content: bytes) -> None:
    """Replaces a file whole or not at all: temporary file, fsync, rename."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replaced(path, content)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}): give a folder that you may write to with --results "
            "(pytest: --ptm-results)"
        ) from None


def _replaced(path: Path, content: bytes) -> None:
    """Writes beside the file and moves it there; what was begun goes if anything, Ctrl-C too, comes between."""
    written = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False) as stream:
            written = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        if written:
            written.unlink(missing_ok=True)
        raise
