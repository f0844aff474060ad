"""Tests of what training costs of what a network knew."""

import copy
from dataclasses import replace

import pytest
import torch

from ptmbench.catalog.cases import find_case
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer.forgetting import ELSEWHERE, FROZEN, forgetting_of

MODEL, TASK = "resnet_tiny.glyphs", "digits_5shot"


def trained(bench, case, change=lambda network: network):
    """The run of a case, with a network as if it had been trained: new, and changed."""
    run = prepare(bench, case).work
    network = bench.device.place(run.network_of(0).trained)
    run.network = change(network)
    return run


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_a_network_that_stays_as_it_is_forgets_nothing(bench, method):
    """Before and after are the same to the last bit, and far above a guess, whichever part trains."""
    case = find_case(MODEL, TASK, method)
    found = forgetting_of(bench, case, trained(bench, case))

    assert found["before"] == found["after"]
    assert found["before"] > 20 * found["chance"]
    assert 1 / 160 == found["chance"]


def test_a_network_whose_weights_are_lost_has_forgotten(bench):
    """Random weights find much less among the source's classes."""
    case = find_case(MODEL, TASK, "fine_tune")

    def lost(network):
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.05)
        return network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = forgetting_of(bench, case, trained(bench, case, lost))

    assert found["after"] < 0.7 * found["before"]


def test_the_model_itself_is_left_alone(bench):
    """What is measured before training is the model as it came, also after it was measured."""
    case = find_case(MODEL, TASK, "fine_tune")
    before = copy.deepcopy(bench.model(case, 0).backbone.state_dict())
    forgetting_of(bench, case, trained(bench, case))

    assert all(torch.equal(value, bench.model(case, 0).backbone.state_dict()[name]) for name, value in before.items())


def test_reasons_say_why_there_is_nothing(bench):
    """Frozen features cannot forget, and sources that are not here cannot be asked."""
    case = find_case(MODEL, TASK, "fine_tune")
    run = trained(bench, case)
    foreign = replace(case, model=replace(case.model, source="ImageNet-1k"))

    assert FROZEN == forgetting_of(bench, case, frozen_run(bench, find_case(MODEL, TASK, "knn")))
    assert ELSEWHERE == forgetting_of(bench, foreign, run)
