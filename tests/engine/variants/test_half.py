"""Tests of the variant `half`: weights and activations in bfloat16, on labels, boxes and masks."""

import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.catalog.builtin import VARIANTS
from ptmbench.catalog.cases import find_case, product, why_no_case
from ptmbench.catalog.digests import identity
from ptmbench.catalog.rates import recorded_rate
from ptmbench.catalog.spec import FULL
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.variants.half import Half, in_single
from ptmbench.engine.variants.table import SERVED


def both(model, task, method):
    """The case in full and in half."""
    return [find_case(model, task, method, variant) for variant in ("full", "half")]


def test_every_variant_is_made_by_one_function():
    """The catalog and the engine know the same variants, the full one first."""
    assert [variant.name for variant in VARIANTS] == list(SERVED)
    assert FULL == VARIANTS[0]


def test_the_full_variant_changes_neither_id_nor_digest():
    """A case in full has the id and the digest's content that it had before there were variants."""
    full, half = both("resnet_tiny.glyphs", "digits_5shot", "knn")

    assert "resnet_tiny.glyphs-digits_5shot-knn" == full.id
    assert "resnet_tiny.glyphs-digits_5shot-knn-half" == half.id
    assert {"variant": {"name": "half"}} == {
        name: value for name, value in identity(half).items() if identity(full).get(name) != value
    }
    assert full == half.in_full


def test_a_run_without_variants_is_in_full():
    """Variants are asked for: the product holds none, and raw pixels have no network to change."""
    assert {FULL} == {case.variant for case in product()}
    case = find_case("pixels", "digits_5shot", "knn")
    assert "half changes a network, and pixels has none" == why_no_case(case.model, case.task, case.method, VARIANTS[1])


def test_a_variant_trains_as_the_full_case_does():
    """The recorded learning rate is that of the case in full."""
    full, half = both("resnet_tiny.glyphs", "digits_5shot", "fine_tune")

    assert recorded_rate(full) == recorded_rate(half)


def test_half_is_in_bfloat16_and_answers_in_float32():
    """The copy holds bfloat16, the network that it was made of stays as it was, and answers are float32."""
    network = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    half, inputs = Half(network), torch.randn(3, 8)

    assert {torch.bfloat16} == {parameter.dtype for parameter in half.parameters()}
    assert {torch.float32} == {parameter.dtype for parameter in network.parameters()}
    assert torch.float32 == half(inputs).dtype
    torch.testing.assert_close(network(inputs), half(inputs), atol=0.05, rtol=0.05)
    assert not torch.equal(network(inputs), half(inputs))


def test_nested_answers_keep_their_form():
    """Boxes and scores become float32, labels stay whole numbers."""
    (found,) = in_single([{"boxes": torch.ones(1, 4, dtype=torch.bfloat16), "labels": torch.tensor([3])}])

    assert (torch.float32, torch.int64) == (found["boxes"].dtype, found["labels"].dtype)


@pytest.mark.parametrize("method", ["linear_probe", "fine_tune", "fine_tune_last"])
def test_labels_of_both_variants_pair(bench, method):
    """In half a case costs half the bytes and as many operations, is judged on the same examples, and hardly moves."""
    full, half = (run(bench, prepare(bench, case)) for case in both("resnet_tiny.glyphs", "digits_5shot", method))

    assert full.answers.test_ids == half.answers.test_ids
    assert full.footprint.macs == half.footprint.macs
    assert half.footprint.size_bytes < 0.6 * full.footprint.size_bytes
    agreed = np.mean(full.answers.outcomes["predictions"] == half.answers.outcomes["predictions"])
    assert agreed > 0.9


def test_features_of_variants_are_kept_apart(bench):
    """The cache gives each variant its own features."""
    full, half = (bench.features(case, 0) for case in both("resnet_tiny.glyphs", "digits_5shot", "knn"))

    assert not np.array_equal(full.array, half.array)
    np.testing.assert_allclose(full.array, half.array, atol=0.1 * np.abs(full.array).max())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "task"), [("fasterrcnn_tiny.glyphs", "scene_boxes_full"), ("fcn_tiny.glyphs", "scene_masks_full")]
)
def test_boxes_and_masks_are_served_in_half(bench, model, task):
    """Detectors and segmenters answer in half as they do in full, with half the bytes."""
    full, half = (run(bench, prepare(bench, case)) for case in both(model, task, "frozen_backbone"))

    assert half.footprint.size_bytes < 0.6 * full.footprint.size_bytes
    assert full.answers.values[0] == pytest.approx(half.answers.values[0], abs=0.05)
