"""Tests of networks as they are seen from pixels."""

import torch

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer.answering import FromPixels, answering_network, from_pixels


def test_pixels_and_inputs_are_the_same_pictures(bench):
    """What a network is fed of pictures, taken back to pixels and fed again, is what it was."""
    case = find_case("resnet_tiny.glyphs", "digits_20shot", "knn")
    inputs = next(iter(bench.encoded(case).inputs.batches([[0, 1, 2]])))
    whole = from_pixels(bench, case, torch.nn.Identity())
    pictures = whole.pictures(inputs)

    assert torch.allclose(inputs, whole(pictures), atol=1e-5)
    assert 0 <= pictures.min() < 0.1
    assert 0.9 < pictures.max() <= 1


def test_a_border_that_no_picture_changes_stays_as_it_is(bench):
    """Where black and white give the same there is nothing to move, and nothing that is no number."""
    black, white = torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.0, 2.0], [2.0, 2.0]]]])
    whole = FromPixels(torch.nn.Identity(), black, white, bench.device)
    inputs = torch.tensor([[[[0.0, 1.0], [0.5, 2.0]]]])

    assert torch.equal(inputs, whole(whole.pictures(inputs)))


def test_a_network_in_two_parts_answers_as_one(bench):
    """Where the frozen part was computed once, both parts together give what the trained part gives of its outputs."""
    case = find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune_last")
    run = prepare(bench, case).work
    run.network = bench.device.place(run.network_of(0).trained).eval()
    inputs = next(iter(bench.encoded(case).inputs.batches([[0, 1, 2]])))
    divided = next(iter(run.work.inputs.batches([[0, 1, 2]])))
    with torch.inference_mode():
        whole, part = answering_network(bench, case, run)(inputs), run.network(divided)

    assert inputs.shape != divided.shape
    assert torch.allclose(whole, part, atol=1e-4)
