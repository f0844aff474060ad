"""Tests of reading: regular files only, and one kind of error for what is no JSON or TOML."""

import os
import socket

import pytest

from ptmbench.reading import content_of, is_odd, is_there, json_of, opened, text_of, toml_of

DEEP = "[" * 100_000


def pipe(place):
    """A named pipe that nobody writes to."""
    os.mkfifo(place)
    return place


def test_a_regular_file_is_read(tmp_path):
    """Bytes as they are; text with one kind of line ends, and links are followed."""
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfx\r\ny\r")
    (tmp_path / "b").symlink_to("a")

    assert b"\xef\xbb\xbfx\r\ny\r" == content_of(tmp_path / "b")
    assert "x\ny\n" == text_of(tmp_path / "b", "utf-8-sig")


def test_what_would_never_end_is_refused(tmp_path):
    """A pipe and devices, through a link too, are an error at once."""
    (tmp_path / "zero").symlink_to("/dev/zero")
    for place in (pipe(tmp_path / "pipe"), tmp_path / "zero"):
        with pytest.raises(OSError, match="no regular file"):
            opened(place)
        assert is_odd(place)


def test_a_socket_is_refused(tmp_path):
    """Sockets cannot be opened at all, and are no regular file."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="No such device"):
            content_of(tmp_path / "s")
        assert is_odd(tmp_path / "s")


def test_folders_and_absent_files_say_what_they_are(tmp_path):
    """Their errors are those of the system, and neither counts as odd."""
    with pytest.raises(IsADirectoryError):
        content_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        content_of(tmp_path / "none")
    assert [False, False] == [is_odd(tmp_path), is_odd(tmp_path / "none")]


def test_a_name_that_no_file_system_takes_is_not_there(tmp_path):
    """Long names and NUL are no error, and a file is there."""
    assert [True, False, False] == [is_there(tmp_path), is_there(tmp_path / ("x" * 5_000)), is_there(tmp_path / "\0")]


@pytest.mark.parametrize("read", [json_of, toml_of])
@pytest.mark.parametrize("content", [DEEP, "a = " + DEEP, '{"a": ' + "9" * 5_000 + "}", "a = " + "9" * 5_000, "\0"])
def test_all_that_is_none_is_a_value_error(read, content):
    """Deep nesting and numbers of thousands of digits are told like a comma that is missing."""
    with pytest.raises(ValueError):  # noqa: PT011  its message is that of the parser
        read(content)


def test_what_is_json_or_toml_is_read():
    """Both give Python's own values."""
    assert {"a": [1]} == json_of(b'{"a": [1]}') == toml_of("a = [1]")
