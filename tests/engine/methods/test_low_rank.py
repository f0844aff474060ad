"""Tests of low-rank adaptation: where it begins, what moves, and what it costs where it serves."""

import sys
from dataclasses import replace

import pytest
import torch
from torch import nn
from torchvision.models import vit_b_16

from ptmbench.catalog.cases import find_case
from ptmbench.engine.methods.low_rank import NOTHING, adapted, merged, targets_in
from ptmbench.engine.models.backbone import Backbone, Pool
from ptmbench.engine.runner import prepare, run
from ptmbench.errors import Unavailable

IMAGE = ("resnet_tiny.glyphs", "digits_5shot", "lora")
TEXT = ("gpt_tiny.invented", "sentiment_50shot", "lora")
BASE = ".base_layer"


def inputs_of(bench, names):
    """A batch of what the case's network is fed."""
    return next(iter(bench.encoded(find_case(*names)).inputs.batches([list(range(6))])))


@pytest.mark.parametrize("names", [IMAGE, TEXT])
def test_training_begins_at_the_network_as_it_came(bench, names):
    """New updates are zero: the backbone gives the same features, and any seed draws the same ones twice."""
    work = prepare(bench, find_case(*names)).work
    inputs = inputs_of(bench, names)
    backbone = bench.backbone(find_case(*names), 0)
    first, again, other = (work.network_of(seed).trained.eval() for seed in (0, 0, 1))
    drawn = [[value for name, value in network.named_parameters() if "lora_A" in name] for network in (first, again)]

    assert torch.equal(backbone(inputs), first.backbone(inputs))
    assert all(torch.equal(*pair) for pair in zip(*drawn, strict=True))
    assert not torch.equal(drawn[0][0], next(value for name, value in other.named_parameters() if "lora_A" in name))


@pytest.mark.parametrize("names", [IMAGE, TEXT])
def test_updates_and_head_move_alone_and_merge_into_the_weights(bench, names):
    """All that came stays to the last bit; merged, the network has the layers that it came with and answers alike."""
    case = find_case(*names)
    work = prepare(bench, case).work
    before = {name: tensor.clone() for name, tensor in work.network_of(0).trained.state_dict().items()}
    network = work._trained(0, replace(work.recipe, steps=10)).eval()
    moved = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    inputs = inputs_of(bench, names)
    plain = merged(network)

    assert {"head.weight", "head.bias"} < moved
    assert all("lora_" in name for name in moved - {"head.weight", "head.bias"})
    assert any("lora_B" in name for name in moved)
    assert bench.backbone(case, 0).state_dict().keys() == plain.backbone.state_dict().keys()
    with torch.inference_mode():
        assert torch.allclose(network(inputs), plain(inputs), atol=1e-5)


def test_a_record_says_how_little_trains(bench):
    """A tenth of the parameters, and quality far above a guess at the recipe's rate."""
    found = run(bench, prepare(bench, find_case(*IMAGE)))
    whole = prepare(bench, find_case(*IMAGE[:2], "fine_tune")).work.network_of(0).trained

    assert found.spending.trainable_parameters < 0.15 * sum(parameter.numel() for parameter in whole.parameters())
    assert sum(found.answers.values) / len(found.answers.values) > 0.5


def test_attention_of_torch_is_left_as_it_is():
    """Its projections are used without their modules, which updates beside them would not reach; the rest merges."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Backbone(nn.Identity(), vit_b_16(image_size=32), feature_size=1000)
        names = targets_in(network)
        learned = adapted(network, nn.Linear(1000, 2)).trained
    with torch.no_grad():
        for name, parameter in learned.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.03)
    inputs = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    assert "tail.encoder.layers.encoder_layer_0.mlp.0" in names
    assert not any("attention" in name for name in names)
    with torch.inference_mode():
        given, plain = learned.eval()(inputs), merged(learned).eval()(inputs)
        assert torch.allclose(given, plain, atol=1e-4)
        assert (given - learned.head(network.eval()(inputs))).abs().max() > 0.01  # a hundred times what merging moves


def test_layers_that_answer_around_the_updates_are_refused():
    """torch's own encoder layer reads the weights themselves when it answers: quality would be that of no training."""
    layer = nn.TransformerEncoderLayer(8, 2, batch_first=True)

    with pytest.raises(Unavailable, match="goes around"):
        adapted(Backbone(nn.Identity(), layer, feature_size=8), nn.Linear(8, 2))


def test_convolutions_in_groups_and_unused_poolings_are_left_out():
    """One has no product of low rank, the others would never train."""
    pools = {"first": Pool(nn.Linear(4, 4), 4), "second": Pool(nn.Linear(4, 4), 4)}
    network = Backbone(nn.Conv2d(4, 4, 3, groups=4), nn.Linear(4, 4), pools=pools)

    assert ["tail", "pools.first"] == targets_in(network)


def test_what_is_missing_is_said(monkeypatch):
    """A network without such layers, and a machine without the package, are reasons."""
    with pytest.raises(Unavailable, match=NOTHING[:40]):
        adapted(Backbone(nn.Flatten(), nn.ReLU(), feature_size=4), nn.Linear(4, 2))
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(Unavailable, match=r"pip install 'ptmbench\[peft\]'"):
        adapted(Backbone(nn.Flatten(), nn.Linear(4, 4), feature_size=4), nn.Linear(4, 2))
