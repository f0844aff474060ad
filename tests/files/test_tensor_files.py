"""Tests of `ptmbench.files.tensor_files`: one array in a file, which is whole or is refused."""

import json
import os

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from ptmbench.files.tensor_files import ALIGNED, UnusableFile, read_array, write_array

NUMBERS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.fixture
def file(tmp_path):
    """A file with an array of 24 numbers."""
    write_array(tmp_path / "a.safetensors", NUMBERS, {"about": "numbers"})
    return tmp_path / "a.safetensors"


def test_what_is_written_is_read(file):
    """Numbers, shape and words come back, and nothing else is left in the folder."""
    array, words = read_array(file, {"about": "numbers"})

    assert NUMBERS.tobytes() == array.tobytes()
    assert (NUMBERS.shape, np.float32) == (array.shape, array.dtype)
    assert "numbers" == words["about"]
    assert [file] == list(file.parent.iterdir())


def test_the_library_of_the_format_reads_it(file):
    """The file is a safetensors file like any other."""
    assert NUMBERS.tolist() == load_file(file)["features"].tolist()


def test_columns_first_is_written_as_rows_first(tmp_path):
    """An array that lies otherwise in memory has the same numbers in the same places."""
    write_array(tmp_path / "b", np.asfortranarray(NUMBERS), {})

    assert NUMBERS.tolist() == read_array(tmp_path / "b", {})[0].tolist()


def test_changing_the_array_changes_no_file(file):
    """A reader may write into its array, as torch wants to be allowed, and the next one reads what was written."""
    array, _ = read_array(file, {})
    torch.from_numpy(array).zero_()

    assert (0, NUMBERS.sum()) == (array.sum(), read_array(file, {})[0].sum())


def test_numbers_begin_where_torch_lays_its_own(file):
    """The first number lies as memory of torch's own does, whose alignment last bits may depend on."""
    assert 0 == torch.from_numpy(read_array(file, {})[0]).data_ptr() % ALIGNED


def test_a_file_that_goes_while_it_is_read_stays_readable(file):
    """Another process may delete or replace the file: the array keeps its numbers."""
    array, _ = read_array(file, {})
    write_array(file, NUMBERS + 1, {"about": "numbers"})
    file.unlink()

    assert NUMBERS.tolist() == array.tolist()


@pytest.mark.parametrize("size", [0, 4, 8, 50, -1])
def test_a_file_cut_off_is_refused(file, size):
    """Wherever it ends, a file that is not whole is no file."""
    os.truncate(file, size % file.stat().st_size)

    with pytest.raises(UnusableFile, match="cut off|header"):
        read_array(file, {})


def test_a_file_that_goes_on_is_refused(file):
    """Bytes behind the last number are nobody's."""
    file.write_bytes(file.read_bytes() + b"\0\0\0\0")

    with pytest.raises(UnusableFile, match="longer"):
        read_array(file, {})


@pytest.mark.parametrize("place", [-1, -len(NUMBERS.tobytes())])
def test_one_bit_is_enough(file, place):
    """A single bit that differs in the numbers is found."""
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)

    with pytest.raises(UnusableFile, match="numbers were changed"):
        read_array(file, {})


def test_other_words_are_refused(file):
    """A file about something else is not taken for what was asked for."""
    with pytest.raises(UnusableFile, match="something else"):
        read_array(file, {"about": "letters"})


def test_a_safetensors_file_of_somebody_else_is_refused(tmp_path):
    """One without our words, or with several tensors, is none of ours."""
    save_file({"features": torch.ones(2, 3), "other": torch.ones(1)}, tmp_path / "c")

    with pytest.raises(UnusableFile):
        read_array(tmp_path / "c", {})


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "F64"},
        {"shape": [24, True]},
        {"shape": [-2, -12]},
        {"shape": "24"},
        {"data_offsets": [8, 104]},
        {"shape": [23]},
    ],
)
def test_a_header_that_contradicts_its_file_is_refused(tmp_path, change):
    """Types, shapes and places are held against the file before anything is mapped."""
    tensor = {"dtype": "F32", "shape": [24], "data_offsets": [0, 96], **change}
    header = json.dumps({"__metadata__": {}, "features": tensor}).encode()
    (tmp_path / "d").write_bytes(len(header).to_bytes(8, "little") + header + NUMBERS.tobytes())

    with pytest.raises(UnusableFile):
        read_array(tmp_path / "d", {})


@pytest.mark.parametrize("content", [b"\xff" * 200, b"\x20" + b"\0" * 7 + b"[" * 200, b"\x02" + b"\0" * 7 + b"[]"])
def test_what_is_no_safetensors_file_is_refused(tmp_path, content):
    """Any other bytes are refused in the same way."""
    (tmp_path / "e").write_bytes(content)

    with pytest.raises(UnusableFile):
        read_array(tmp_path / "e", {})


def test_what_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    """A disk that is full ends in an error, and the folder is as it was."""

    def full(_stream, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ptmbench.files.tensor_files._write", full)
    with pytest.raises(OSError, match="No space"):
        write_array(tmp_path / "f", NUMBERS, {})

    assert [] == list(tmp_path.iterdir())
