"""Tests of files of rows: several writers, kills, and files that are somebody else's."""

import os

import pytest

from ptmbench.files.row_files import open_rows, size_of

SIZE = 700


def row_of(file, index):
    """The bytes of a row; None where it is not there."""
    content = bytearray(SIZE)
    return bytes(content) if file.read(index, memoryview(content)) else None


def of(index):
    """What is written as that row."""
    return bytes([index]) * SIZE


def test_rows_are_written_by_several_and_read_by_all(tmp_path):
    """Two openers see one file: what one writes the other reads, and what nobody wrote is not there."""
    one, other = (open_rows(tmp_path / "a.rows", "key", 5, SIZE) for _ in range(2))
    one.write(3, memoryview(of(3)))
    other.write(0, memoryview(of(0)))

    assert [of(0), None, None, of(3), None] == [row_of(other, index) for index in range(5)]
    assert [True, False, False, True, False] == one.held().tolist()
    assert of(3) == row_of(open_rows(tmp_path / "a.rows", "key", 5, SIZE), 3)
    assert ["a.rows"] == [file.name for file in tmp_path.iterdir()]
    assert size_of("key", 5, SIZE) == (tmp_path / "a.rows").stat().st_size


def test_a_row_that_was_not_written_whole_is_none(tmp_path):
    """A sum without its bytes, bytes without their sum, and a file that is cut off give no row and end no process."""
    file = open_rows(tmp_path / "a.rows", "key", 3, SIZE)
    for index in range(3):
        file.write(index, memoryview(of(index + 1)))
    os.pwrite(file.descriptor, b"x", file.rows_at + 5)
    os.pwrite(file.descriptor, bytes(8), file.sums_at + 8)
    assert [None, None, of(3)] == [row_of(file, index) for index in range(3)]

    os.truncate(tmp_path / "a.rows", file.rows_at + 2 * SIZE + 1)
    assert row_of(file, 2) is None
    os.truncate(tmp_path / "a.rows", 10)
    assert [False] * 3 == file.held().tolist()


@pytest.mark.parametrize("content", [b"", b"something else", bytes(20_000)], ids=["empty", "text", "zeros"])
def test_a_file_of_another_content_is_replaced(tmp_path, content):
    """What carries the name and is no such file is written anew; its old readers keep what they have open."""
    (tmp_path / "a.rows").write_bytes(content)
    file = open_rows(tmp_path / "a.rows", "key", 3, SIZE)
    file.write(1, memoryview(of(1)))

    assert of(1) == row_of(open_rows(tmp_path / "a.rows", "key", 3, SIZE), 1)
    assert row_of(open_rows(tmp_path / "a.rows", "other key", 3, SIZE), 1) is None
    assert of(1) == row_of(file, 1)


def test_links_and_folders_are_not_written_to(tmp_path):
    """Whoever puts a link into the cache does not have ptmbench write through it."""
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "a.rows").symlink_to(tmp_path / "target")
    (tmp_path / "b.rows").mkdir()

    for name in ("a.rows", "b.rows"):
        with pytest.raises(OSError):  # noqa: PT011  its text is the system's
            open_rows(tmp_path / name, "key", 3, SIZE)
    assert b"precious" == (tmp_path / "target").read_bytes()
    assert {"target", "a.rows", "b.rows"} == {file.name for file in tmp_path.iterdir()}
