"""Pictures that lie inside of a table, as `datasets` keeps them: written into files, so that all else reads files.

STORE/AB/ABCD....png    each by the sha256 of its bytes: a second reading of the table writes nothing
"""

import hashlib
import io
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, Final

from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.grids import Grid
from ptmbench.files.image_folders import SUFFIXES
from ptmbench.reading import is_there

KEYS: Final = frozenset({"bytes", "path"})


def is_picture(cell: Any) -> bool:
    """Whether a cell holds a picture itself: decoded, or its bytes beside the path that they came from."""
    return hasattr(cell, "getbands") or (isinstance(cell, Mapping) and bool(cell) and {*cell} <= KEYS)


def holds_pictures(grid: Grid, column: int) -> bool:
    """Whether the cells of a column, as far as there are any, are pictures themselves."""
    return any(is_picture(cells[column]) for _, cells in grid.rows[:1])


def unpacked(grid: Grid, column: int, store: Path) -> Grid:
    """The grid with the pictures of a column written below `store`, and their paths in the cells.

    Raises:
        UsageError: A file cannot be written.
    """
    rows = []
    for number, cells in grid.rows:
        given = list(cells)
        given[column] = written(cells[column], store)
        rows.append((number, given))
    return replace(grid, rows=tuple(rows))


def written(cell: Any, store: Path) -> str:
    """The path of a cell's picture, which is written below the store; of one without bytes the path that it names.

    Raises:
        UsageError: The file cannot be written.
    """
    content, named = _content_of(cell)
    if not content:
        return named
    digest = hashlib.sha256(content).hexdigest()
    suffix = PurePath(named).suffix.lower()
    place = PurePath(digest[:2], f"{digest}{suffix if suffix in SUFFIXES else _suffix_of(content)}")
    file = store / place
    if not is_there(file):
        _write(file, content)
    return str(file)


def _content_of(cell: Any) -> tuple[bytes, str]:
    """The bytes of a cell's picture, and the path that it names."""
    if isinstance(cell, Mapping):
        return cell.get("bytes") or b"", cell.get("path") or ""
    return b"", cell if isinstance(cell, str) else ""


def _suffix_of(content: bytes) -> str:
    """What a file of that content ends in; nothing where it is no picture, which whoever reads it will say."""
    with suppress(Exception), Image.open(io.BytesIO(content)) as picture:
        return next((end for end, form in Image.registered_extensions().items() if form == picture.format), "")
    return ""


def _write(file: Path, content: bytes) -> None:
    begun = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        begun.write_bytes(content)
        begun.replace(file)
    except OSError as error:
        with suppress(OSError):
            begun.unlink(missing_ok=True)
        raise UsageError(
            f"the pictures of the table cannot be written to {file.parent.parent}: {error.strerror}; name another "
            "folder for data: PTMBENCH_DATA=DIR"
        ) from None
