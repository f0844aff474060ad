"""Tests of `ptmbench.engine.transfer.network_identity`: a network told by content."""

import functools
import os
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from ptmbench.engine.seeding import seeded_draws
from ptmbench.engine.transfer.network_identity import structure_sha256, tensor_sha256, tensors_sha256


class Scaled(nn.Module):
    """A network with settings that its tensors do not show."""

    def __init__(self, **settings):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("never_saved", torch.ones(2), persistent=False)
        for name, value in {"factor": 1.0, **settings}.items():
            setattr(self, name, value)


def drawn(kind=Scaled, **settings):
    """A network of that kind; its weights are the same each time."""
    with seeded_draws("test"):
        return kind(**settings)


def test_equal_networks_are_told_alike():
    """Two networks that were built alike have one identity."""
    first, second = drawn(), drawn()

    assert structure_sha256(first) == structure_sha256(second)
    assert tensors_sha256(first) == tensors_sha256(second)


@pytest.mark.parametrize("name", ["layer.weight", "never_saved"])
def test_each_tensor_counts(name):
    """One number of a parameter, or of a buffer that no checkpoint holds, makes another network."""
    network = drawn()
    before = tensors_sha256(network)
    with torch.no_grad():
        network.get_parameter(name).flatten()[0].add_(1e-6) if "." in name else network.get_buffer(name)[0].add_(1e-6)

    assert before != tensors_sha256(network)


def test_type_and_shape_of_tensors_count():
    """The same bytes in another shape or type are another tensor."""
    zeros = [torch.zeros(2, 3), torch.zeros(3, 2), torch.zeros(6), torch.zeros(2, 3, dtype=torch.int32)]

    assert 4 == len({tensor_sha256(tensor) for tensor in zeros})


@pytest.mark.parametrize(
    "settings",
    [
        {"factor": 2.0},
        {"activation": functional.gelu},
        {"activation": functools.partial(functional.gelu, approximate="tanh")},
        {"sizes": {"window": (7, 7)}},
        {"sizes": {"window": (7, 8)}},
        {"kinds": frozenset({"a", "b"})},
        {"mean": torch.ones(1)},
        {"norm": nn.LayerNorm},
        {"device_of": torch.device("cpu")},
    ],
    ids=lambda settings: next(iter(settings)),  # a set prints in any order
)
def test_each_setting_counts(settings):
    """What a module keeps beside its tensors makes another network."""
    assert structure_sha256(drawn()) != structure_sha256(drawn(**settings))


def test_modes_and_gradients_do_not_count():
    """Features are computed in eval mode and without gradients, whatever was asked of the network before."""
    changed = drawn().eval().requires_grad_(requires_grad=False)

    assert structure_sha256(drawn()) == structure_sha256(changed)
    assert tensors_sha256(drawn()) == tensors_sha256(changed)


def test_a_configuration_counts_but_not_where_it_came_from():
    """Settings of transformers that no tensor shows count; the folder that a model was loaded from does not."""
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    plain, moved, other = (
        drawn(lambda **settings: BertModel(BertConfig(vocab_size=9, **sizes, **settings)), **settings)
        for settings in ({}, {"name_or_path": "/home/somebody/model"}, {"hidden_act": "relu"})
    )

    assert structure_sha256(plain) == structure_sha256(moved)
    assert structure_sha256(plain) != structure_sha256(other)


def test_what_holds_itself_has_an_end():
    """A setting that refers to itself is told all the same."""
    loop = []
    loop.append(loop)

    assert 64 == len(structure_sha256(drawn(loop=loop)))


def test_another_process_tells_it_alike():
    """Neither the order of a set nor an address in memory stands in it."""
    code = """
import functools, sys
from torch import nn
from ptmbench.engine.transfer.network_identity import structure_sha256
network = nn.Sequential(nn.ReLU())
network.kinds, network.call, network.held = {"a", "b", "c", "d"}, functools.partial(print, end=""), object()
sys.stdout.write(structure_sha256(network))
"""
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **seeds}
        ).stdout
        for seeds in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"})
    }

    assert 1 == len(told)
