"""Tests of pictures inside of tables: each becomes one file, by its bytes."""

import io
from pathlib import Path

import pytest
from PIL import Image

from ptmbench.errors import UsageError
from ptmbench.files.grids import Grid
from ptmbench.files.picture_cells import holds_pictures, is_picture, unpacked


def content(colour, form="PNG"):
    """The bytes of a picture."""
    stream = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(stream, form)
    return stream.getvalue()


def grid(*cells):
    """A table with these cells in its first column."""
    return Grid(Path("a.parquet"), ("image", "label"), tuple((row, [cell, "x"]) for row, cell in enumerate(cells, 1)))


def test_pictures_are_written_once_by_their_bytes(tmp_path):
    """Equal bytes are one file, with the suffix that they have or are; a second reading writes nothing."""
    red, blue = content("red"), content("blue", "JPEG")
    cells = [{"bytes": red, "path": "../../a.png"}, {"bytes": blue, "path": None}, {"bytes": red, "path": "b.PNG"}]
    found = unpacked(grid(*cells), 0, tmp_path)
    files = [Path(row[0]) for _, row in found.rows]
    stamps = [file.stat().st_mtime_ns for file in files]

    assert [red, blue, red] == [file.read_bytes() for file in files]
    assert (files[0], ".png") == (files[2], files[0].suffix)
    assert files[1].suffix in {".jpg", ".jpeg", ".jpe", ".jfif"}
    assert all(file.is_relative_to(tmp_path) and file.stem.startswith(file.parent.name) for file in files)
    unpacked(grid(*cells), 0, tmp_path)
    assert stamps == [file.stat().st_mtime_ns for file in files]
    assert 2 == len([file for file in tmp_path.rglob("*") if file.is_file()])


def test_what_is_a_picture_is_told_by_the_cell():
    """Bytes with a path, and decoded pictures; neither texts nor other objects."""
    given = [{"bytes": b"x", "path": "a"}, {"path": "a"}, Image.new("L", (1, 1)), "a.png", {"text": "a"}, {}, None]

    assert [True, True, True, False, False, False, False] == [is_picture(cell) for cell in given]
    assert holds_pictures(grid({"bytes": b"x"}), 0)
    assert not holds_pictures(grid("a"), 0)


def test_a_path_alone_stays_one(tmp_path):
    """Where the table holds no bytes its cells say where files lie."""
    assert "img/a.png" == unpacked(grid({"bytes": None, "path": "img/a.png"}), 0, tmp_path).rows[0][1][0]
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """One sentence, with the variable that names another folder."""
    (tmp_path / "store").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written to .*store: .*PTMBENCH_DATA=DIR"):
        unpacked(grid({"bytes": content("red"), "path": "a.png"}), 0, tmp_path / "store")
