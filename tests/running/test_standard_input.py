"""Tests that nobody is asked a question while code of others runs."""

import io
import struct
import subprocess
import sys

import pytest

from ptmbench.running.executors import ThisProcess

TRIED = """
import os, subprocess, sys
from ptmbench.running.standard_input import empty_input

def asked():
    child = subprocess.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.readline()))"],
                           stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        return [input(), child]
    except EOFError:
        return ["EOF", child]

print(input(), end=" ")  # reads ahead
with empty_input():
    with empty_input():
        print(*asked(), repr(os.read(0, 9)), end=" ")
    print(*asked(), end=" ")
print(input(), repr(os.read(0, 2)))
"""
QUESTION = """
import sys
import transformers
from ptmbench.cli import main

def ask(*_arguments, **_options):
    raise SystemExit(f"code ran: {input('run the code of this repository? [y/N] ')}")

transformers.AutoConfig.from_pretrained = ask
sys.exit(main(["profile", f"hf:{sys.argv[1]}"]))
"""


def piped(code, *words, yes="yes |", **options):
    """What a program comes to that has a `yes` in front of it."""
    script = f'{yes} "$@"'
    return subprocess.run(
        ["bash", "-c", script, "bash", sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def test_nothing_can_be_read_inside_and_everything_behind_it():
    """`input`, descriptor 0 and a child find the end of the input inside the block, nested too; later it is back."""
    ran = piped(TRIED)

    assert "y EOF '' b'' EOF '' y b'y\\n'\n" == ran.stdout, ran.stderr


def test_a_closed_input_harms_no_other_file():
    """With no standard input at all, the block leaves descriptor 0, which may be anybody's, alone."""
    code = """
import os
from ptmbench.running.standard_input import empty_input
taken = os.open(os.devnull, os.O_WRONLY)
with empty_input():
    os.write(taken, b"x")
print(taken, "written")
"""
    script = '"$0" -c "$1" <&-'
    ran = subprocess.run(["bash", "-c", script, sys.executable, code], capture_output=True, text=True, check=False)

    assert "0 written\n" == ran.stdout, ran.stderr


@pytest.mark.slow
def test_a_library_that_asks_gets_no_answer(tmp_path):
    """A model folder whose library asks whether to run its code is refused, whoever says yes to everything."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "resnet", "auto_map": {"AutoModel": "m.Model"}}')
    (tmp_path / "model" / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    ran = piped(QUESTION, str(tmp_path / "model"), cwd=tmp_path)

    assert "code ran" not in ran.stdout + ran.stderr
    assert "EOF" in ran.stdout + ran.stderr
    assert 2 == ran.returncode


def test_a_case_in_this_process_has_no_input(monkeypatch):
    """In pytest and from Python, too, nobody is asked while a case is prepared and run; behind it input is back."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\ny\n"))
    monkeypatch.setattr("ptmbench.running.work.identify", lambda *_: sys.stdin.read())
    monkeypatch.setattr("ptmbench.running.work.work", lambda *_: sys.stdin.read())
    worker = ThisProcess(None)

    assert ["", ""] == [worker.identify(None), worker.work(None, None)]
    assert "y\n" == sys.stdin.readline()


def test_a_worker_has_no_input():
    """What runs beside others in a process of its own can ask nobody either."""
    code = "import os; from ptmbench.running.workers import _begin; _begin(); print(repr(os.read(0, 9)))"
    ran = piped(code)

    assert "b''\n" == ran.stdout, ran.stderr
