"""Semantic segmentation: segmenters over pre-trained backbones, transferred to every task of masks."""

import pytest


@pytest.mark.ptm_kind("semantic_segmentation")
def test_semantic_segmentation(model, task, method, variant, ptm_run, ptm_complaint):
    """The case finishes and reaches its floor."""
    record = ptm_run(model, task, method, variant)

    assert record.status == "ok", record.reason
    complaint = ptm_complaint(record)
    assert complaint is None, complaint
