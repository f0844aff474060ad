"""Tests of names and texts that no record could hold."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from ptmbench.cli import main
from ptmbench.errors import UsageError
from ptmbench.files.letters import checked_letters, is_writable, written


def test_what_is_no_utf8_is_told_with_what_to_do():
    """Each text once, spelled in ASCII; others pass."""
    with pytest.raises(UsageError, match=r"what is no UTF-8 among its names \(rename them\): 'caf\\udce9'$"):
        checked_letters(["caf\udce9", "größe", "caf\udce9"], "names (rename them)", "here")

    assert checked_letters(["größe", ""], "names", "here") is None
    assert [True, False] == [is_writable("größe"), is_writable("\ud800")]
    assert ["größe", "\\ud800x"] == [written("größe"), written("\ud800x")]


def test_a_folder_of_another_encoding_is_refused(tmp_path, capsys):
    """A class folder with a Latin-1 name is one message in `check`, and no fault of ptmbench."""
    for name in (b"caf\xe9", b"tea"):
        folder = bytes(tmp_path) + b"/photos/" + name
        (tmp_path / "photos").mkdir(exist_ok=True)
        Path(os.fsdecode(folder)).mkdir()
        for number in range(20):
            with Path(os.fsdecode(folder), f"{number}.png").open("wb") as stream:
                Image.new("RGB", (4, 4), (number, 0, 0)).save(stream, "PNG")

    assert 2 == main(["check", f"imagefolder:{tmp_path}/photos"])
    assert "names of files and classes (rename them): 'caf\\udce9'" in capsys.readouterr().err


def test_half_a_letter_in_a_table_is_refused(tmp_path, capsys):
    """JSON lines may spell a lone surrogate, which no digest takes."""
    rows = [{"text": f"text {number} \ud800", "label": "ab"[number % 2]} for number in range(60)]
    (tmp_path / "x.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert 2 == main(["check", f"csv:{tmp_path}/x.jsonl"])
    assert "no UTF-8" in capsys.readouterr().err
