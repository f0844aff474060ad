"""Tests of folders of texts, a folder a class."""

import pytest

from ptmbench.engine.data import load
from ptmbench.errors import UsageError


def texts(folder, **classes):
    """A folder a class with so many texts."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            (folder / name / f"{index}.txt").write_text(f" {name} text {index}\n")
    return folder


def test_a_folder_is_a_class(tmp_path):
    """Texts come from files in class folders, divided by folders of parts or by hashes."""
    texts(tmp_path / "whole", bad=6, good=30)
    texts(tmp_path / "parts" / "train", bad=6, good=6, unsup=3)
    texts(tmp_path / "parts" / "test", bad=2, good=2)
    whole, parts = (load(f"textfolder:{tmp_path / name}") for name in ("whole", "parts"))

    assert (("bad", "good"), 36) == (whole.samples.classes, len(whole.samples.ids))
    assert "bad text 0" == whole.samples.texts[0]
    assert (("bad", "good"), 4, 16) == (parts.samples.classes, len(parts.split.test), len(parts.samples.ids))


@pytest.mark.parametrize(
    ("train", "test", "told"),
    [
        ({"a": 2, "b": 2}, {"a": 2}, "test has no b: expected the same classes"),
        ({"a": 2}, {"a": 2}, "expected two labels or more, got a"),
        ({}, {}, "has no class folders"),
    ],
)
def test_parts_without_a_class_are_refused(tmp_path, train, test, told):
    """Every class stands in training and test, and there are two."""
    for part, classes in (("train", train), ("test", test)):
        (tmp_path / part).mkdir()
        texts(tmp_path / part, **classes)
    with pytest.raises(UsageError, match=told):
        load(f"textfolder:{tmp_path}")


def test_faulty_files_are_told_and_no_class_is_lost_by_leaving_them_out(tmp_path):
    """Blank, binary and wrongly encoded files stand in one message; --skip-bad never takes a class away."""
    folder = texts(tmp_path / "set", a=12, b=12)
    for name, content in (("x", b" "), ("y", b"\xff\xe9"), ("z", b"a\0b")):
        (folder / "a" / name).write_bytes(content)
    with pytest.raises(UsageError, match="(?s)3 faults.*a/x: the text is empty.*a/y: cannot be read.*a/z: no text"):
        load(f"textfolder:{folder}")
    assert 3 == len(load(f"textfolder:{folder}", skip_bad=True).samples.left_out)
    (folder / "c").mkdir()
    (folder / "c" / "only").write_bytes(b"")
    with pytest.raises(UsageError, match="without the faulty examples these classes have none left to learn from: c"):
        load(f"textfolder:{folder}", skip_bad=True)
