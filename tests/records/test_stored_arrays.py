"""Tests of `ptmbench.records.stored_arrays`: what may stand in an outcomes file."""

import io

import numpy as np
import pytest

from ptmbench.errors import RecordError
from ptmbench.records import stored_arrays
from ptmbench.records.stored_arrays import arrays_of


def packed(**arrays):
    """An npz file of these arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_arrays_come_back():
    """What was stored is read."""
    assert [3, 4] == arrays_of(packed(a=np.array([3, 4])), "x.npz")["a"].tolist()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array(["a", "bcd"]),
        np.array(7),
        np.zeros((0, 3)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([True, False]),
        np.arange(3, dtype=">i4"),
        np.array(["", ""]),
    ],
)
def test_any_array_is_read_as_numpy_reads_it(array):
    """Types, shapes, order and values are those that numpy finds, whichever way they are read."""
    content = packed(a=array, b=np.arange(3))
    with np.load(io.BytesIO(content)) as expected:
        found = arrays_of(content, "x.npz")

        assert expected.files == list(found)
        for name in expected.files:
            assert expected[name].dtype == found[name].dtype
            assert expected[name].shape == found[name].shape
            assert expected[name].tolist() == found[name].tolist()
            assert found[name].flags.writeable


def test_objects_are_not_unpickled():
    """An array of objects is refused, since reading it could run code."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.array([{}], dtype=object))

    with pytest.raises(RecordError, match=r"x\.npz holds no outcomes: "):
        arrays_of(buffer.getvalue(), "x.npz")


def test_a_small_file_may_not_unpack_to_a_large_one(monkeypatch):
    """Zeros that unpack to more than the limit are refused before they are unpacked."""
    monkeypatch.setattr(stored_arrays, "LARGEST", 1000)

    with pytest.raises(RecordError, match=r"x\.npz unpacks to 8,\d\d\d bytes, expected at most 1,000"):
        arrays_of(packed(a=np.zeros(1000)), "x.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", packed(a=np.zeros(9))[:-9]])
def test_what_is_no_file_of_arrays_is_named(content):
    """One line, without numpy's advice to load it unsafely."""
    with pytest.raises(RecordError, match=r"x\.npz holds no outcomes: ") as caught:
        arrays_of(content, "x.npz")

    assert "allow_pickle" not in str(caught.value)
