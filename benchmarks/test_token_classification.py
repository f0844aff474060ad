"""Token classification: every text model, transferred to named entities by every method."""

import pytest


@pytest.mark.ptm_kind("token_classification")
def test_token_classification(model, task, method, variant, ptm_run, ptm_complaint):
    """The case finishes and reaches its floor."""
    record = ptm_run(model, task, method, variant)

    assert record.status == "ok", record.reason
    complaint = ptm_complaint(record)
    assert complaint is None, complaint
