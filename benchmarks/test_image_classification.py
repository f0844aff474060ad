"""Image classification: every pre-trained image model, transferred to every image task by every method."""

import pytest


@pytest.mark.ptm_kind("image_classification")
def test_image_classification(model, task, method, variant, ptm_run, ptm_complaint):
    """The case finishes and reaches its floor."""
    record = ptm_run(model, task, method, variant)

    assert record.status == "ok", record.reason
    complaint = ptm_complaint(record)
    assert complaint is None, complaint
