"""One array in a safetensors file, with words beside it: written whole or not at all, mapped into memory when read.

The format is public, and nothing in it is executed. Files are written here by hand since an array of gigabytes is not
to be copied first, and read by hand so that whatever stands in them is refused in one way.
"""

import json
import math
import mmap
import os
import secrets
import sys
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.reading import json_of, opened

NAME: Final = "features"
WORDS: Final = "__metadata__"
CHECKSUM: Final = "crc32"  # 1.9 GiB/s here, where sha256 takes 1.1; faults of disks are looked for, not forgers
LONGEST_HEADER: Final = 2**20
ALIGNED: Final = 64  # bytes: torch and MKL may round otherwise on memory that begins elsewhere


class UnusableFile(ValueError):
    """A file that does not hold what was written: cut off, changed, or made by somebody else."""


def write_array(path: Path, array: NDArray[np.float32], words: Mapping[str, str]) -> None:
    """Writes an array with words beside it, under another name in the same folder until it is whole.

    Nothing is synced: what a power failure leaves behind has another checksum, and is no file to a reader.

    Args:
        path: Where it goes; a file in its place is replaced.
        array: At least one number.
        words: What is to be said of it, by name.

    Raises:
        OSError: The folder cannot be written to, or the disk is full; nothing is left behind.
    """
    found = np.ascontiguousarray(array, dtype="<f4")
    content = found.data.cast("B")
    header = _header(found, {**words, CHECKSUM: f"{zlib.crc32(content):08x}"})
    begun = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with open(begun, "xb", buffering=0) as stream:  # noqa: PTH123  as the house's check of readers knows it
            _write(stream, header)
            _write(stream, content)
        begun.replace(path)
    except BaseException:  # Ctrl-C too
        with suppress(OSError):
            begun.unlink(missing_ok=True)
        raise


def _write(stream: IO[bytes], content: bytes | memoryview) -> None:
    """Writes everything: one call takes 2 GiB at most."""
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) :]


def _header(array: NDArray[np.float32], words: Mapping[str, str]) -> bytes:
    """Length and JSON, filled up with spaces so that the numbers begin at a multiple of `ALIGNED`."""
    tensor = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [0, array.nbytes]}
    text = json.dumps({WORDS: dict(words), NAME: tensor}).encode()
    text += b" " * (-(len(text) + 8) % ALIGNED)
    return len(text).to_bytes(8, "little") + text


def read_array(path: Path, expected: Mapping[str, str]) -> tuple[NDArray[np.float32], Mapping[str, str]]:
    """The array of a file, mapped into memory, and the words beside it; changing the array changes no file.

    The pages stay those of the file that was opened, whatever takes its name or deletes it in the meantime. They would
    not survive its being cut off in its place, which nothing here does.

    Args:
        path: A regular file.
        expected: Words that have to stand there just so.

    Raises:
        OSError: It cannot be read.
        UnusableFile: It is not what was written, or says something else.
    """
    with opened(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        length = int.from_bytes(stream.read(8), "little")
        if not 0 < length <= min(LONGEST_HEADER, size - 8):
            raise UnusableFile("its header is cut off")
        shape, words = _described(stream.read(length), size - 8 - length)
        if any(words.get(name) != value for name, value in expected.items()):
            raise UnusableFile("it is about something else")
        mapped = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_COPY)
    array: NDArray[np.float32] = np.frombuffer(mapped, "<f4", math.prod(shape), 8 + length).reshape(shape)
    if f"{zlib.crc32(array.data.cast('B')):08x}" != words.get(CHECKSUM):
        raise UnusableFile("its numbers were changed")
    return array if sys.byteorder == "little" else array.astype(np.float32), words


def _described(header: bytes, size: int) -> tuple[tuple[int, ...], dict[str, str]]:
    """The shape of an array of `size` bytes, and the words."""
    try:
        found: Any = json_of(header)
        words, tensor = found[WORDS], found[NAME]
        kind, shape, offsets = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
    except (ValueError, LookupError, TypeError) as error:
        raise UnusableFile(f"its header cannot be read: {error}") from None
    plain = isinstance(shape, list) and all(type(length) is int and length > 0 for length in shape)
    if len(found) != 2 or kind != "F32" or not plain or not isinstance(words, dict):
        raise UnusableFile("it holds something else")
    if offsets != [0, size] or math.prod(shape) * 4 != size:
        raise UnusableFile("it is cut off, or longer than it says")
    return tuple(shape), words
