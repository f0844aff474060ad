"""Object detection: detectors over pre-trained backbones, transferred to every task of boxes by every method."""

import pytest


@pytest.mark.ptm_kind("object_detection")
def test_object_detection(model, task, method, variant, ptm_run, ptm_complaint):
    """The case finishes and reaches its floor."""
    record = ptm_run(model, task, method, variant)

    assert record.status == "ok", record.reason
    complaint = ptm_complaint(record)
    assert complaint is None, complaint
