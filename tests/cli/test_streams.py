"""Tests of `ptmbench.cli.streams`: standard output that is closed, full, or read by nobody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ptmbench.cli.streams import check_utf8
from ptmbench.errors import UsageError

LIST = [sys.executable, "-m", "ptmbench", "list", "cases"]


def shell(command, **options):
    """What a shell's command comes to; `$LIST` prints some thousand lines."""
    script = command.replace("$LIST", " ".join(LIST))
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, **options)


def test_a_closed_output_is_no_error():
    """With standard output closed a command does its work and says nothing."""
    ran = shell("$LIST >&-")

    assert (0, "") == (ran.returncode, ran.stderr)


def test_a_reader_that_goes_away_is_no_error():
    """`| head` ends the command quietly."""
    ran = shell("$LIST | head -1; exit ${PIPESTATUS[0]}")

    assert 1 == len(ran.stdout.splitlines())
    assert (141, "") == (ran.returncode, ran.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_one_message():
    """Output that cannot be written is told, and the exit code is no success."""
    ran = shell("$LIST > /dev/full")

    assert (2, "ptmbench: No space left on device\n") == (ran.returncode, ran.stderr)


def test_arguments_that_are_no_utf8_are_named():
    """Bytes that no record could hold are refused, with the number of the argument."""
    ran = subprocess.run([*LIST, "-k", b"caf\xe9"], capture_output=True, check=False)

    assert 2 == ran.returncode
    assert b"ptmbench: argument 4 is not UTF-8: b'caf\\xe9'; rename the file, or type the name in UTF-8\n" == ran.stderr


def test_letters_that_an_output_lacks_are_escaped(tmp_path):
    """On a stream of a narrow encoding a message still comes out."""
    narrow = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = subprocess.run(
        [sys.executable, "-m", "ptmbench", "report", "größe"],
        capture_output=True,
        text=True,
        env=narrow,
        cwd=tmp_path,
        check=False,
    )

    assert 2 == ran.returncode
    assert "gr\\xf6\\xdfe is not a folder" in ran.stderr


def test_an_argument_with_nul_is_refused():
    """No shell can type it, but a program that calls the command line may."""
    with pytest.raises(UsageError, match=r"argument 2 is not UTF-8: b'a.x00'"):
        check_utf8(["list", "a\0"])
