"""Tests of telling what a file that was given as weights really is."""

import io
import zipfile

import pytest

from ptmbench.files.weight_kinds import is_safetensors, is_torch_archive, not_weights


def archive(*names):
    """The bytes of a zip archive with members of these names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs pointer.*git lfs pull"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive: unpack it"),
        (b"7z\xbc\xaf\x27\x1cxx", "a 7z archive: unpack it"),
        (b"\x1f\x8b\x08", "a gzip archive: unpack it"),
        (b"\x93NUMPY\x01\x00", "a NumPy array"),
        (b"\x89HDF\r\n\x1a\n", "HDF5.*keras:NAME@FILE"),
        (b"<!DOCTYPE html><html>", "a web page: download the file itself"),
        (b"GGUF\x03", "llama.cpp"),
        (archive("a.npy", "b.npy"), "NumPy arrays"),
        (archive("m/code/x.py", "m/constants.pkl", "m/data.pkl"), "a TorchScript program"),
        (archive("m/archive_format", "m/models/model.json"), "torch.export"),
        (archive("config.json", "model.weights.h5"), "a model of Keras"),
        (archive("readme.txt", "weights.pth"), "a zip archive that torch did not save"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path, content, what):
    """The kind of file and what to do, from its first bytes or its members; nothing in it is run."""
    file = tmp_path / "weights.pth"
    file.write_bytes(content)

    assert what.partition(".*")[0].removeprefix("is ") in (not_weights(file) or "")
    assert what.rpartition(".*")[2].removeprefix("is ") in (not_weights(file) or "")


def test_what_may_be_a_checkpoint_is_let_through(tmp_path):
    """A zip of torch's, safetensors and an older pickle are read by those who can."""
    for content, safe, zipped in (
        (archive("m/data.pkl", "m/data/0"), False, True),
        ((2).to_bytes(8, "little") + b"{}", True, False),
        (b"\x80\x02ccollections", False, False),
        (b"PK\x03\x04cut", False, True),
    ):
        file = tmp_path / "weights"
        file.write_bytes(content)

        assert (None, safe, zipped) == (not_weights(file), is_safetensors(file), is_torch_archive(file))
