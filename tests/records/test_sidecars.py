"""Tests of `ptmbench.records.sidecars`: the files beside a record. How they are replaced is tested with the store."""

import hashlib

import pytest

from ptmbench.errors import RecordError
from ptmbench.records.sidecars import read_sidecar, sidecars_of, unlike
from ptmbench.records.store import ResultsFolder
from sites import QUICK

SHA256 = hashlib.sha256(b"spoken of").hexdigest()
CASE = "resnet_tiny.glyphs-digits_5shot-knn"


@pytest.mark.parametrize(("there", "before"), [(b"spoken of", None), (b"newer", b"spoken of")])
def test_the_bytes_spoken_of_are_read(tmp_path, there, before):
    """They stand in the file, or beside it while a newer one is there whose record is not."""
    (tmp_path / "x.npz").write_bytes(there)
    if before is not None:
        (tmp_path / "x.npz~").write_bytes(before)

    assert b"spoken of" == read_sidecar(tmp_path / "x.npz", SHA256)


@pytest.mark.parametrize(
    ("there", "message"), [(b"newer", "is not what its record speaks of"), (None, "cannot be read")]
)
def test_other_bytes_are_a_fault(tmp_path, there, message):
    """A file that is another, or is not there, is named."""
    if there is not None:
        (tmp_path / "x.npz").write_bytes(there)
        (tmp_path / "x.npz~").write_bytes(b"something else")

    with pytest.raises(RecordError, match=rf"x\.npz {message}"):
        read_sidecar(tmp_path / "x.npz", SHA256)


def test_outcomes_are_held_against_their_record():
    """Seeds and the number of test examples are those of the record, or the difference is told."""
    folder = ResultsFolder(QUICK)
    record = folder.read(CASE)
    found = folder.estimate(record)
    longer = record.case.model_copy(update={"task": record.case.task.model_copy(update={"test_size": 7})})
    seedless = record.quality.model_copy(update={"seeds": []})

    assert unlike(record, found) is None
    assert "expected 7 test examples, got 917" == unlike(record.model_copy(update={"case": longer}), found)
    assert "expected the seeds []" in unlike(record.model_copy(update={"quality": seedless}), found)


def test_a_record_without_quality_has_no_sidecars():
    """A case that did not finish speaks of no files."""
    record = ResultsFolder(QUICK).read(CASE)

    assert ["outcomes/" + CASE + ".npz"] == [each.file for each in sidecars_of(record)]
    assert () == sidecars_of(record.model_copy(update={"quality": None}))
