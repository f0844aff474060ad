"""The arrays of an outcomes file, read whole, whatever stands in it."""

import functools
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ptmbench.errors import RecordError
from ptmbench.statistics.calibration import ENTROPY, KEPT, TEMPERATURE

LARGEST = 2**30  # bytes of all arrays together: a few kB of zeros unpack to any number of them
WHOLE, FRACTIONS, LETTERS = "iu", "iuf", "U"
NPY, PLAIN = ".npy", b"\x93NUMPY\x01\x00"  # of the files in an archive: how their names end and they begin
FORMS: Final = {  # of each array that is read again: the kinds of numbers, and how many dimensions
    **dict.fromkeys(("seeds", "truth", "masks", "found_label", "true_label", "found_seed"), (WHOLE, (1,))),
    **dict.fromkeys(("found_picture", "true_picture"), (WHOLE, (1,))),
    **dict.fromkeys(("predictions", "mask_sizes"), (WHOLE, (2,))),
    **dict.fromkeys(("found_box", "true_box"), (FRACTIONS, (2,))),
    **dict.fromkeys(("parts", "corrupted_parts"), (WHOLE, (3, 4))),
    "found_score": (FRACTIONS, (1,)),
    **dict.fromkeys((*KEPT, TEMPERATURE, ENTROPY), (FRACTIONS, (2,))),
    "true_ignored": ("b", (1,)),
    "test_ids": (LETTERS, (1,)),
    "classes": (WHOLE + LETTERS, (0, 1)),  # their number, of masks; their names
}
BROKEN = (ValueError, TypeError, LookupError, EOFError, OSError, SyntaxError, AttributeError)  # what numpy raises
UNREADABLE = (*BROKEN, RuntimeError, ArithmeticError, MemoryError, zipfile.BadZipFile, zlib.error)


def arrays_of(content: bytes, name: str) -> dict[str, Any]:
    """The arrays of an npz file; raises `RecordError`, which begins with its name, where it is none or too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > LARGEST:
                raise RecordError(f"{name} unpacks to {size:,} bytes, expected at most {LARGEST:,}")
            found = {entry.filename.removesuffix(NPY): _plain(archive.read(entry)) for entry in archive.infolist()}
        plain = {key: array for key, array in found.items() if array is not None}
        if len(plain) == len(found):
            return plain
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except UNREADABLE as error:
        raise RecordError(f"{name} holds no outcomes: {reason(error)}") from None


def _plain(content: bytes) -> NDArray[Any] | None:
    """The array of an npy file as numpy writes them now; None of any other, which numpy is left to read or refuse."""
    if not content.startswith(PLAIN):
        return None
    end = len(PLAIN) + 2 + int.from_bytes(content[len(PLAIN) : len(PLAIN) + 2], "little")
    shape, by_columns, kind = _layout(content[len(PLAIN) : end])
    count = math.prod(shape)
    if by_columns or kind.hasobject or not kind.itemsize or not count or len(content) - end != count * kind.itemsize:
        return None
    return np.frombuffer(content, kind, count, end).reshape(shape).copy()


@functools.lru_cache(maxsize=1000)
def _layout(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """What a header says of its array: read as Python, which takes longer than the array, and mostly seen before."""
    return np.lib.format.read_array_header_1_0(io.BytesIO(header))


def misfit(arrays: Mapping[str, Any], classes: int | None) -> str | None:
    """What outcomes cannot be: arrays of another type or shape than their names have, labels beyond the classes."""
    for name, array in arrays.items():
        kinds, dimensions = FORMS.get(name, ("", ()))
        if kinds and (array.dtype.kind not in kinds or array.ndim not in dimensions):
            return f"{name} is an array of {array.dtype} with {array.ndim} dimensions"
    if "predictions" not in arrays:
        return None
    absent = {"seeds", "truth"} - arrays.keys()
    if absent:
        return f"there are predictions and no {' and '.join(sorted(absent))}"
    expected = (len(arrays["seeds"]), len(arrays["truth"]))
    if arrays["predictions"].shape != expected:
        return f"expected predictions of the shape {expected}, got {arrays['predictions'].shape}"
    for name in ("predictions", "truth"):
        least, largest = (int(find(initial=0)) for find in (arrays[name].min, arrays[name].max))
        if least < 0 or (classes is not None and largest >= classes):
            return f"{name} holds {least if least < 0 else largest}, and there are {classes} classes"
    return None


def reason(error: BaseException) -> str:
    """What was wrong, in one line; numpy adds advice on how to load a file unsafely, which is not passed on."""
    said = " ".join(str(error).split()).partition(". ")[0]
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
