"""The arrays of an outcomes file, read whole, whatever stands in it."""

import io
import zipfile
import zlib
from typing import Any

import numpy as np

from ptmbench.errors import RecordError

LARGEST = 2**30  # bytes of all arrays together: a few kB of zeros unpack to any number of them
BROKEN = (ValueError, TypeError, LookupError, EOFError, OSError, SyntaxError, AttributeError)  # what numpy raises
UNREADABLE = (*BROKEN, RuntimeError, ArithmeticError, MemoryError, zipfile.BadZipFile, zlib.error)


def arrays_of(content: bytes, name: str) -> dict[str, Any]:
    """The arrays of an npz file; raises `RecordError`, which begins with its name, where it is none or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST:
            raise RecordError(f"{name} unpacks to {size:,} bytes, expected at most {LARGEST:,}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except UNREADABLE as error:
        raise RecordError(f"{name} holds no outcomes: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """What was wrong, in one line; numpy adds advice on how to load a file unsafely, which is not passed on."""
    said = " ".join(str(error).split()).partition(". ")[0]
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
