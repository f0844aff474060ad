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
