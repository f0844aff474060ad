"""Tests of methods that train a part of a network: what moves, and what stays to the last bit."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.engine.methods.fine_tune import biases_alone, norm_parameters, norms_alone
from ptmbench.engine.models.backbone import Backbone
from ptmbench.engine.runner import prepare, run
from ptmbench.errors import Unavailable

IMAGE = ("resnet_tiny.glyphs", "digits_5shot")
TEXT = ("bert_tiny.invented", "sentiment_50shot")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def trained(bench, *names):
    """The state of a network before and after a short training."""
    work = prepare(bench, find_case(*names)).work
    before = {name: tensor.clone() for name, tensor in work.network_of(0).trained.state_dict().items()}
    return before, work._trained(0, replace(work.recipe, steps=10)).state_dict()


def moved(before, after):
    """The names of the tensors that changed."""
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


@pytest.mark.parametrize("names", [IMAGE, TEXT])
def test_bitfit_moves_biases_and_the_head_alone(bench, names):
    """Weights and the statistics of normalisation stay to the last bit."""
    changed = moved(*trained(bench, *names, "bitfit"))

    assert {"head.weight", "head.bias"} <= changed
    assert {name.rpartition(".")[2] for name in changed - {"head.weight"}} == {"bias"}
    assert len(changed) > 5


@pytest.mark.parametrize("names", [IMAGE, TEXT])
def test_norm_only_moves_normalisation_and_the_head_alone(bench, names):
    """Scales, shifts and statistics of normalisation move; every other weight stays to the last bit."""
    before, after = trained(bench, *names, "norm_only")
    network = prepare(bench, find_case(*names, "norm_only")).work.network_of(0).trained
    norms = {id(parameter) for parameter in norm_parameters(network.backbone)}
    allowed = {name for name, parameter in network.named_parameters() if id(parameter) in norms}

    changed = {name for name in moved(before, after) if not name.endswith(STATISTICS)}

    assert changed == allowed | {"head.weight", "head.bias"}
    assert ("resnet" in names[0]) == any(name.endswith("running_mean") for name in moved(before, after))


@pytest.mark.parametrize("names", [IMAGE, TEXT, ("vae_tiny.glyphs", "digits_5shot")])
def test_two_stages_move_more_than_one_and_leave_the_rest(bench, names):
    """The last two blocks and the head train; what stands before them stays to the last bit, its statistics too."""
    work = prepare(bench, find_case(*names, "fine_tune_last_2")).work
    network = work.network_of(0).trained
    allowed = tuple(f"backbone.{name}." for name in (*network.names, "pools"))
    named = [name for name, _ in network.named_parameters() if name.startswith("backbone.")]
    changed = moved(*trained(bench, *names, "fine_tune_last_2")) - {"head.weight", "head.bias"}

    assert changed
    assert all(name.startswith(allowed) for name in changed)
    assert 0 < len([name for name in named if name.startswith(allowed)]) < len(named)


def test_two_stages_hold_more_parameters_than_one(bench):
    """Of a network in blocks the last two train more than the last, and less than all."""
    sizes = [
        run(bench, prepare(bench, find_case(*IMAGE, method))).spending.trainable_parameters
        for method in ("fine_tune_last", "fine_tune_last_2", "fine_tune")
    ]

    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("method", ["bitfit", "norm_only"])
def test_a_record_says_how_little_trains(bench, method):
    """Trained parameters are those of the head and of the few; a training step takes no more memory than all layers."""
    case = find_case(*IMAGE, method)
    little, whole = (run(bench, prepare(bench, one)).spending for one in (case, find_case(*IMAGE, "fine_tune")))

    assert little.trainable_parameters < 0.02 * whole.trainable_parameters
    assert little.training_bytes <= whole.training_bytes


@pytest.mark.parametrize(("make", "lacks"), [(norms_alone, "no normalisation layer"), (biases_alone, "no bias")])
def test_a_network_without_such_parameters_says_so(make, lacks):
    """Nothing to train is a reason, with the method that there is."""
    bare = Backbone(nn.Flatten(), nn.Linear(12, 4, bias=False), feature_size=4)

    with pytest.raises(Unavailable, match=lacks):
        make(bare, nn.Linear(4, 2))
