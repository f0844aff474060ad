"""Tests of `ptmbench.records.stored_arrays`: what may stand in an outcomes file."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def stored(name, content, **options):
    """An archive of one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_packed_in_any_way_are_read(method):
    """As numpy packs them, and as any other program may."""
    array = io.BytesIO()
    np.save(array, np.arange(5))

    content = stored("a.npy", array.getvalue(), compression=method)

    assert [0, 1, 2, 3, 4] == arrays_of(content, "x.npz")["a"].tolist()
    assert [0, 1, 2, 3, 4] == arrays_of(b"before it" + content, "x.npz")["a"].tolist()


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_told_or_changes_nothing(place, byte):
    """Whatever byte of an archive is another one: the arrays are those that were stored, or the fault is named."""
    content = bytearray(packed(a=np.arange(40), b=np.array(["x", "yz"])))
    content[place % len(content)] = byte

    try:
        found = arrays_of(bytes(content), "x.npz")
    except RecordError:
        return
    for name, array in found.items():
        assert {"a": list(range(40)), "b": ["x", "yz"]}.get(name, array.tolist()) == array.tolist()
