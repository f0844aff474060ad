"""The words in a pickle that torch saved, read off its opcodes: nothing of it is built, and nothing runs."""

import io
import pickletools
import zipfile
from pathlib import Path
from typing import Final

from ptmbench.reading import opened

MOST_BYTES: Final = 2**22  # of a pickle: names of tensors take some 100 KB, and arrays inside would take gigabytes
NO_ARCHIVE: Final = (OSError, zipfile.BadZipFile, StopIteration, ValueError, NotImplementedError)
TEXTS: Final = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"})


def pickle_of(file: Path, most: int = MOST_BYTES) -> bytes:
    """The pickle in a zip archive of torch's, up to so many bytes; raises one of `NO_ARCHIVE` for any other file."""
    with opened(file) as held, zipfile.ZipFile(held) as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        with archive.open(name) as stream:
            return stream.read(most)


def words_in(file: Path) -> frozenset[str]:
    """The strings in the pickle of a zip archive of torch's, keys of mappings among them; none of any other file."""
    try:
        content = pickle_of(file)
    except NO_ARCHIVE:
        return frozenset()
    words = set()
    try:
        for operation, value, _ in pickletools.genops(io.BytesIO(content)):
            if operation.name in TEXTS and isinstance(value, str):
                words.add(value)
    except ValueError:  # cut off at the limit, or no pickle
        pass
    return frozenset(words)
