"""A file of rows of one size that are written one by one, in any order and by several processes at once.

HEAD  the length of the key (8 bytes) and the key, filled up to a multiple of `ALIGNED`
SUMS  8 bytes a row: 0 where it was not written, else 2^32 + the crc32 of its bytes; filled up likewise
ROWS  the bytes of each row

A row counts where its sum is right, so that neither a kill nor a power failure makes one of what was not written whole.
Rows are read by `pread` and never mapped: a file that somebody cuts off lacks rows then, and ends no process.
"""

import os
import secrets
import stat
import weakref
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.files.tensor_files import UnusableFile

ALIGNED: Final = 4096  # bytes: rows begin where pages do
SUM: Final = np.dtype("<u8")
WRITTEN: Final = 1 << 32
LENGTH: Final = 8  # bytes of the key's length
SUPPORTED: Final = hasattr(os, "preadv") and hasattr(os, "pwrite")  # not by Windows


@dataclass(slots=True, weakref_slot=True)
class RowFile:
    """An open file of `rows` rows of `size` bytes each; `known` holds those that this process has summed.

    It is closed when nothing refers to it any more. Forked processes may share it: no call moves a place in it.
    """

    descriptor: int
    rows: int
    size: int
    sums_at: int
    rows_at: int
    known: NDArray[np.bool_] = field(repr=False)

    def held(self) -> NDArray[np.bool_]:
        """Which rows [rows] were written, as far as their sums say."""
        wanted = self.rows * SUM.itemsize
        content = os.pread(self.descriptor, wanted, self.sums_at)
        found: NDArray[np.bool_] = np.frombuffer(content.ljust(wanted, b"\0"), SUM) != 0
        return found

    def read(self, index: int, into: memoryview) -> bool:
        """Reads a row into `size` bytes of memory; returns whether it was there and right."""
        with suppress(OSError):
            if os.preadv(self.descriptor, [into], self.rows_at + index * self.size) == self.size:
                if not self.known[index]:
                    found = os.pread(self.descriptor, SUM.itemsize, self.sums_at + index * SUM.itemsize)
                    self.known[index] = found == _sum_of(into)
                return bool(self.known[index])
        return False

    def write(self, index: int, row: memoryview) -> None:
        """Writes a row, its sum last; raises `OSError`, for example where the disk is full."""
        found, at = _sum_of(row), self.rows_at + index * self.size
        while row:  # a disk that is nearly full takes a part
            count = os.pwrite(self.descriptor, row, at)
            at, row = at + count, row[count:]
        os.pwrite(self.descriptor, found, self.sums_at + index * SUM.itemsize)


def size_of(key: str, rows: int, size: int) -> int:
    """The bytes of a file of so many rows of that size."""
    return _places(key, rows)[1] + rows * size


def open_rows(path: Path, key: str, rows: int, size: int) -> RowFile:
    """The file of that key, made where there is none, or none of that key and size.

    Args:
        path: Where it lies; its folder is there.
        key: What the rows depend on.
        rows: How many there are.
        size: The bytes of each.

    Returns:
        The file, open for reading and writing.

    Raises:
        OSError: It can be neither opened nor made, or something else than a file lies there.
    """
    with suppress(FileNotFoundError, UnusableFile):
        return _opened(path, key, rows, size)
    begun = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with open(begun, "xb", buffering=0) as stream:  # noqa: PTH123  as the house's check of readers knows it
            stream.write(_head(key))
            stream.truncate(size_of(key, rows, size))  # no disk is taken before rows are written
        with suppress(OSError, UnusableFile):  # another process was sooner: its rows are kept
            os.link(begun, path)
            return _opened(path, key, rows, size)
        with suppress(FileNotFoundError, UnusableFile):
            return _opened(path, key, rows, size)
        begun.replace(path)
        return _opened(path, key, rows, size)
    finally:
        begun.unlink(missing_ok=True)


def _opened(path: Path, key: str, rows: int, size: int) -> RowFile:
    """The file where it is of that key and size; raises `OSError`, or `UnusableFile` where it is another one's."""
    found = RowFile(
        os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC),
        rows,
        size,
        *_places(key, rows),
        np.zeros(rows, dtype=np.bool_),
    )
    weakref.finalize(found, os.close, found.descriptor)
    seen, head = os.fstat(found.descriptor), _head(key)
    if not stat.S_ISREG(seen.st_mode):
        raise OSError(f"{path} is no file")
    if seen.st_size != size_of(key, rows, size) or os.pread(found.descriptor, len(head), 0) != head:
        raise UnusableFile("it is about something else")
    return found


def _head(key: str) -> bytes:
    text = key.encode()
    return len(text).to_bytes(LENGTH, "little") + text


def _places(key: str, rows: int) -> tuple[int, int]:
    """Where sums and rows begin."""
    sums = _aligned(len(_head(key)))
    return sums, sums + _aligned(rows * SUM.itemsize)


def _aligned(length: int) -> int:
    return -(-length // ALIGNED) * ALIGNED


def _sum_of(row: memoryview) -> bytes:
    return (WRITTEN + zlib.crc32(row)).to_bytes(SUM.itemsize, "little")
